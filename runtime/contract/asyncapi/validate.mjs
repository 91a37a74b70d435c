// Prints the messages of AsyncAPI's own parser about a document, and fails on an error.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
for (const { severity, message, path } of diagnostics) console.log(["error", "warning", "info", "hint"][severity], path.join("."), message);
if (!document) process.exit(1);
console.log(`${document.operations().all().length} operations, ${document.messages().all().length} messages`);
