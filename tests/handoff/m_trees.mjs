// Reads a JSON list of Power Query texts, and prints for each the tree that Power Query's parser makes of it.
import { readFileSync } from "node:fs";
import pq from "@microsoft/powerquery-parser";

const places = new Set(["tokenRange", "id", "attributeIndex"]);
const told = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  const task = await pq.TaskUtils.tryLexParse(pq.DefaultSettings, text);
  told.push(pq.TaskUtils.isParseStageOk(task) ? { tree: task.ast } : { error: String(task.error) });
}
process.stdout.write(JSON.stringify(told, (key, value) => (places.has(key) ? undefined : value)));
