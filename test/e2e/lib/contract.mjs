// The published schemas, applied to all messages of the scenarios.
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";

const schema = JSON.parse(readFileSync(new URL("../../../runtime/contract/schema.json", import.meta.url), "utf8"));
const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
ajv.addSchema(schema);

const domains = new Set(Object.keys(schema.$defs).filter((name) => name.includes(":")).map((name) => name.split(":")[0]));
const breaches = new Set();
const checked = { request: 0, ack: 0, push: 0 };

/** Validates a message against the schema of its event; part is request, ack or push. */
export function hold(event, part, message) {
  const name = `${event}.${part}`;
  if (!(name in schema.$defs)) {
    // The contract has no schema for a back end's own events, nor for a request that the
    // server does not know.
    if (domains.has(event.split(":")[0]) && message?.ok !== false) breaches.add(`${name} is not in the contract`);
    return;
  }
  checked[part]++;
  const validate = ajv.getSchema(`${schema.$id}#/$defs/${name}`);
  if (!validate(message)) breaches.add(`${name}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(message).slice(0, 500)}`);
}

// At the very end, because the hooks of tests after a failed one do not run.
process.on("exit", () => {
  for (const breach of breaches) console.error(`breaks the published schemas: ${breach}`);
  console.error(`held against the published schemas: ${JSON.stringify(checked)}`);
  if (breaches.size > 0) process.exitCode = 1;
});
