"""How the page looks, on light and dark screens and on paper. Contrasts are those of WCAG 2.2 AA."""

from __future__ import annotations

from typing import Final

_LIGHT: Final = """
--paper:#fff;--raised:#f6f7f9;--ink:#1b2330;--soft:#566072;--line:#dfe3e9;--rule:#c3cad4;
--base:#8793a5;--base-fill:#d5dbe3;--here:#1a5fb4;--here-fill:#1a5fb433;--band:#e4e9ef;--limit:#8a3b12;
--alarm:#b3341a;--calm:#2a6e4f;--odd:#8a5a00;
--h0:#eef1f4;--h1:#d5dde6;--h2:#f7cf9f;--h3:#ec9352;--h4:#cb4f24;--dot:#2b0d03
"""
_DARK: Final = """
--paper:#14181e;--raised:#1b2129;--ink:#e8ebf0;--soft:#a7b0be;--line:#2b333e;--rule:#46505e;
--base:#8c98aa;--base-fill:#3a4451;--here:#7db4f5;--here-fill:#7db4f533;--band:#242c36;--limit:#f0a37c;
--alarm:#ff8f70;--calm:#7fcfa6;--odd:#e8bd62;
--h0:#1f2630;--h1:#303b49;--h2:#9a6530;--h3:#d07a3c;--h4:#ff9d6b;--dot:#150d07
"""
_RULES: Final = """
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%;scroll-behavior:auto}
body{margin:0 auto;max-width:1120px;padding:40px 24px 56px;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums}
h1,h2,h3,p,dl,dd,ol,ul,figure,table{margin:0;padding:0}
ol,ul{list-style:none}
a{color:var(--here)}
:focus-visible{outline:2px solid var(--here);outline-offset:3px;border-radius:2px}
.over{color:var(--soft);overflow-wrap:anywhere}
h1{display:flex;gap:14px;align-items:baseline;margin:10px 0 12px;font-size:clamp(28px,4.4vw,42px);line-height:1.12;
font-weight:650;letter-spacing:-.02em;text-wrap:balance}
h1 .m{flex:none;width:.72em;height:.72em}
.lead{max-width:70ch;font-size:18px;line-height:1.5;overflow-wrap:anywhere}
h2{margin-bottom:4px;font-size:21px;line-height:1.25;font-weight:650;letter-spacing:-.01em}
h3{font-size:15px;line-height:1.35;font-weight:650;overflow-wrap:anywhere}
section{margin-top:56px}
.why{max-width:74ch;margin-bottom:18px;color:var(--soft)}
.m{width:14px;height:14px;vertical-align:-2px;fill:none;stroke:currentColor;stroke-width:1.9}
.v{color:var(--soft);white-space:nowrap}
.v-drift{color:var(--alarm)}.v-no-drift{color:var(--calm)}
.v-not-enough-data,.v-stale,.v-schema-changed{color:var(--odd)}
.facts{display:flex;flex-wrap:wrap;gap:1px;margin-top:30px;
background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.facts div{flex:1 1 168px;padding:14px 18px 15px;background:var(--raised)}
.facts dt{color:var(--soft);font-size:13px}
.facts dd{font-size:24px;line-height:1.3;font-weight:600;letter-spacing:-.01em}
.facts dd+dd{color:var(--soft);font-size:13px;font-weight:400;letter-spacing:0;overflow-wrap:anywhere}
nav ul{display:flex;flex-wrap:wrap;gap:6px 22px;margin-top:22px}
.plot{padding:10px 4px 26px 42px}
.plot>svg,.cells,.shape{display:block;width:100%;overflow:visible}
svg text{fill:var(--soft);font-size:12px;stroke:none}
.end{text-anchor:end}.mid{text-anchor:middle}
path{vector-effect:non-scaling-stroke}
.grid{stroke:var(--line)}.zero{stroke:var(--rule)}
.band{fill:var(--band)}
.coef{fill:none;stroke:var(--here);stroke-width:1.75;stroke-linejoin:round}
.limit{stroke:var(--limit);stroke-width:1.25;stroke-dasharray:5 4}
svg .limit-text{fill:var(--limit)}
.point{fill:var(--paper);stroke:var(--here);stroke-width:1.5}
.alarm{fill:var(--alarm);stroke:var(--paper);stroke-width:1}
.key{display:flex;flex-wrap:wrap;gap:4px 20px;margin-top:8px;color:var(--soft);font-size:13px}
.key svg{width:22px;height:12px;margin-right:7px;vertical-align:-1px;overflow:visible}
table{width:100%;border-collapse:collapse;text-align:left}
th,td{padding:7px 12px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:400}
thead th{padding-top:0;color:var(--soft);font-size:13px;vertical-align:bottom}
tbody th{overflow-wrap:anywhere}
td:last-child,th:last-child{padding-right:0}
.n,td,thead th+th{text-align:right;white-space:nowrap}
.what{table-layout:fixed}.what thead th:not(.n){text-align:left}.what th:first-child{width:30%}.what .p{width:96px}
.what thead th{white-space:normal}
.what .v{margin-left:2px;font-size:13px}.what .r{display:block;color:var(--soft);font-size:13px}
.what .m{margin-right:8px}
.what tbody th{padding-left:24px;text-indent:-24px}.what .r{text-indent:0}
.bar{display:flex;gap:10px;align-items:center;white-space:nowrap}
.bar svg{flex:1;min-width:24px;height:10px;overflow:visible}
.bar span{flex:none;width:54px;text-align:right}.bar .nil{color:var(--soft)}
.fill{fill:var(--here)}.mild{fill:var(--base)}.over-limit{fill:var(--alarm)}
.tick{stroke:var(--limit);stroke-width:1.5}.axis{stroke:var(--rule)}
.map{display:grid;grid-template-columns:fit-content(24%) minmax(0,1fr);column-gap:12px}
.map ol{min-width:0;padding-top:4px}
.map li{height:20px;overflow:hidden;color:var(--ink);font-size:13px;line-height:20px;text-overflow:ellipsis;
white-space:nowrap}
.scroll{overflow-x:auto;padding:4px 2px}
.map .scroll{direction:rtl}.cells{direction:ltr}
.cells .h0,.h0{fill:var(--h0)}.cells .h1,.h1{fill:var(--h1)}.cells .h2,.h2{fill:var(--h2)}
.cells .h3,.h3{fill:var(--h3)}.cells .h4,.h4{fill:var(--h4)}
.cells .u{fill:transparent}
.dot,.cells .dot{fill:none;stroke:var(--dot);stroke-width:5;stroke-linecap:round}
.dash,.cells .dash{fill:none;stroke:var(--soft);stroke-width:1.5}
.cross,.cells .cross{fill:none;stroke:var(--odd);stroke-width:1.75}
.edge{fill:none;stroke:var(--rule)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,310px),1fr));gap:36px 32px;
align-items:start;margin-top:22px}
.cards article{min-width:0;border-top:1px solid var(--rule);padding-top:10px}
.cards p{margin-bottom:10px;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
.base{fill:var(--base-fill)}.here{fill:var(--here-fill)}
.base-line{fill:none;stroke:var(--base);stroke-width:1.5;stroke-dasharray:4 3}
.here-line{fill:none;stroke:var(--here);stroke-width:1.75}
.base-bar{fill:var(--base)}.here-bar{fill:var(--here)}
.shape .label{fill:var(--ink)}
details{margin-top:10px}
summary{width:fit-content;color:var(--soft);font-size:13px;cursor:pointer}
summary:hover{color:var(--ink)}
details table{margin-top:8px;font-size:13px}
details td,details th{padding:3px 14px 3px 0}
details .scroll{max-height:420px;overflow:auto}
.how{display:grid;grid-template-columns:minmax(130px,200px) minmax(0,1fr);gap:8px 24px;margin-top:14px}
.how dt{color:var(--soft)}.how dd{overflow-wrap:anywhere}
.how ul{padding-left:1.1em;list-style:disc}
footer{margin-top:56px;padding-top:14px;border-top:1px solid var(--line);color:var(--soft);font-size:13px}
.away{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:640px){
body{padding:24px 16px 40px}section{margin-top:44px}.lead{font-size:16px}
.facts{margin-top:22px}.facts div{flex-basis:140px;padding:11px 13px}.facts dd{font-size:20px}
.what .p{display:none}.what th:first-child{width:42%}.what tbody th{font-size:14px}.bar{flex-wrap:wrap;gap:1px 0}
.bar svg{flex:0 0 100%}.bar span{width:auto}.what td{padding-top:12px}
.how{grid-template-columns:1fr;gap:2px}.how dd{margin-bottom:10px}
.plot{padding-left:34px}.map{grid-template-columns:fit-content(42%) minmax(0,1fr)}
.quality th:first-child{min-width:96px}
}
@media print{
body{max-width:none;padding:0;font-size:10.5pt}
nav,details:not([open]){display:none}
section{margin-top:26pt}h2,h3,.why{break-after:avoid}
figure,.cards article,tr,.facts{break-inside:avoid}
.scroll,details .scroll{overflow:visible;max-height:none}.cells{min-width:0!important}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
"""


def style(columns: int) -> str:
    """The style sheet. `columns` is how many columns the map of features and intervals has."""
    width = max(180, 9 * columns)
    sheet = (
        f":root{{{_LIGHT}}}@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}"
        f"{_RULES}@media not print{{.cells{{min-width:{width}px}}}}"
    )
    return sheet.replace("\n", "")
