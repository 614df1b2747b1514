from commands.test_traces_seen import *
def test_see(seen, demo):
    out=""
    for kw in (dict(width=80),dict(width=120),dict(width=80,NO_COLOR=""),dict(width=120,LC_ALL="C")):
        out+=f"=== {kw}\n"+screen(seen,"traces churn-v2",**kw).replace("\x1b","ESC")
    out+="=== demo\n"+screen(demo,"traces --where input --limit 2")
    out+="=== demo 120\n"+screen(demo,"traces --where input --limit 2",width=120)
    ID=seen("traces churn-v2 --filter level=warning").jsonl[0]["id"]
    out+="=== show\n"+screen(seen,"traces churn-v2 --show "+ID,LC_ALL="C")
    out+="=== show\n"+screen(seen,"traces churn-v2 --show "+ID,NO_COLOR="").replace("\x1b","ESC")
    print(out)
