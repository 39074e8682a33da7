// Prints what Grafana's own types of dashboards say, version by version, as JSON schemas that share their parts:
//   npm ci --ignore-scripts && node generate.mjs > schemas.json
// The types are those of the npm package @grafana/schema (Apache-2.0), made from the CUE in Grafana's source.
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createGenerator } from "ts-json-schema-generator";

// The folders of the plugins that dashboards/ uses. Grafana's id of a plugin may have a dash: state-timeline.
const PANELS = ["bargauge", "gauge", "logs", "stat", "statetimeline", "table", "text", "timeseries"];
const QUERIES = ["loki", "prometheus", "tempo"];
// Where a panel's own types are not published: Grafana 10.0 has none, and older tables no FieldConfig.
const COMMON = { timeseries: "GraphFieldConfig", table: "TableFieldOptions" };

const here = import.meta.dirname;
const parts = {};

// What dashboards.json may lack is not in the types: fields with a default are required there. Grafana fills them in.
const IGNORED = ["required", "description", "$schema"];

function shared(schema) {
  if (Array.isArray(schema)) return schema.map(shared);
  if (schema === null || typeof schema !== "object") return schema;
  const made = {};
  for (const key of Object.keys(schema).sort()) {
    const value = schema[key];
    if (IGNORED.includes(key)) continue;
    const names = key === "properties" || key === "definitions";
    made[key] = names
      ? Object.fromEntries(Object.keys(value).sort().map((name) => [name, shared(value[name])]))
      : shared(value);
  }
  const text = JSON.stringify(made);
  if (text.length < 120) return made;
  const name = createHash("sha256").update(text).digest("hex").slice(0, 10);
  parts[name] = made;
  return { $ref: `#/$defs/${name}` };
}

function types(root) {
  const folder = ["dist/types", "dist/esm"].map((f) => path.join(root, f)).find((f) => fs.existsSync(`${f}/raw`));
  return {
    index: ["dist/types/index.d.ts", "dist/esm/index.d.mts", "dist/index.d.ts"]
      .map((file) => path.join(root, file))
      .find(fs.existsSync),
    find(...below) {
      const found = path.join(folder, "raw", ...below, "x");
      const file = fs.existsSync(found) && fs.readdirSync(found).find((name) => name.endsWith(".d.ts"));
      return file ? path.join(found, file) : undefined;
    },
    plugins: fs.existsSync(path.join(folder, "raw/composable"))
      ? fs.readdirSync(path.join(folder, "raw/composable"))
      : [],
  };
}

// One TypeScript file whose type Root has everything that is asked of a version.
function entry(version) {
  const imports = [], fields = [];
  const { index, find, plugins } = types(path.join(here, "node_modules", `grafana-${version}`));
  const add = (field, file, type) => {
    imports.push(`import type { ${type} as ${field} } from ${JSON.stringify(file.replace(/\.d\.ts$/, ""))};`);
    fields.push(`${field}: ${field};`);
  };
  const dashboard = find("dashboard") ?? "@grafana/schema";
  add("dashboard", dashboard, "Dashboard");
  add("panel", dashboard, "Panel");
  add("row", dashboard, "RowPanel");
  for (const name of PANELS) {
    const file = find("composable", name, "panelcfg");
    const has = (type) => file && new RegExp(`export (interface|type) ${type}\\b`).test(fs.readFileSync(file, "utf8"));
    if (has("Options")) add(`options_${name}`, file, "Options");
    if (has("FieldConfig")) add(`custom_${name}`, file, "FieldConfig");
    else if (COMMON[name]) add(`custom_${name}`, "@grafana/schema", COMMON[name]);
  }
  for (const name of QUERIES) {
    const file = find("composable", name, "dataquery");
    const type = file && fs.readFileSync(file, "utf8").match(/export interface (\w*Query) extends common\.DataQuery/);
    if (type) add(`query_${name}`, file, type[1]);
  }
  const panels = plugins.filter((name) => find("composable", name, "panelcfg"));
  return { index, panels, text: `${imports.join("\n")}\nexport interface Root { ${fields.join(" ")} }\n` };
}

function schemas(version, folder) {
  const { index, panels, text } = entry(version);
  const [file, tsconfig] = [path.join(folder, `${version}.ts`), path.join(folder, `${version}.json`)];
  fs.writeFileSync(file, text);
  const compilerOptions = {
    module: "esnext", moduleResolution: "bundler", target: "es2022", strict: true, skipLibCheck: true, noEmit: true,
    types: [], paths: { "@grafana/schema": [index] },
  };
  fs.writeFileSync(tsconfig, JSON.stringify({ compilerOptions, files: [file] }));
  const generator = createGenerator({
    path: file, tsconfig, type: "Root", expose: "none", jsDoc: "none", additionalProperties: false,
  });
  const made = { options: {}, custom: {}, query: {} };
  for (const [name, schema] of Object.entries(generator.createSchema("Root").definitions.Root.properties)) {
    const [group, plugin] = name.split("_");
    if (plugin) made[group][plugin] = shared(schema);
    else made[group] = shared(schema);
  }
  return { panels, ...made };
}

const { dependencies } = JSON.parse(fs.readFileSync(path.join(here, "package.json"), "utf8"));
const aliases = Object.keys(dependencies).filter((name) => name.startsWith("grafana-"));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "grafanaschema-"));
const versions = {};
try {
  for (const alias of aliases) {
    const version = alias.slice("grafana-".length);
    versions[version] = { package: dependencies[alias].split("@").at(-1), ...schemas(version, folder) };
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
const $defs = Object.fromEntries(Object.keys(parts).sort().map((name) => [name, parts[name]]));
// One part a line, so that a diff shows which changed.
const lines = (object) => Object.entries(object).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
process.stdout.write(`{"versions": {\n${lines(versions).join(",\n")}\n},\n"$defs": {\n${lines($defs).join(",\n")}\n}}\n`);
