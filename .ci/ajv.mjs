// Compiles the schema with ajv, the most used validator of JavaScript, and checks records with it.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, schema, ...records] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const Ajv = require("ajv/dist/2020").default;
const addFormats = require("ajv-formats").default;

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const validate = addFormats(new Ajv({ allErrors: true })).compile(read(schema));
for (const path of records) {
  if (!validate(read(path))) {
    console.error(path, validate.errors);
    process.exitCode = 1;
  }
}
