import { bool, defineInterceptor, map, text } from "sluice/plugin";
import { fillHeader } from "./_headers/fill.ts";

const config = {
  key: text().default("key").describe("Header to set."),
  value: text().default("value").describe("Its value."),
  headers: map(text()).default({}).describe(
    "Several headers with their values; key and value are then not needed.",
  ),
  preserveExisting: bool().default(true).describe("Leave events alone that have the header already."),
};

export default defineInterceptor({
  name: "static",
  aliases: [
    "org.apache.flume.interceptor.StaticInterceptor$Builder",
    "org.apache.flume.interceptor.StaticInterceptor",
  ],
  summary: "Adds headers that never change.",
  about: "Flume sets one header with key and value; `headers` sets as many as it names, at the same cost.",
  config,
  examples: [{
    title: "One header",
    yaml: `source: { type: stdin }
interceptors: [{ type: static, key: datacenter, value: fra-2 }]
sink: { type: stdout, codec: json }`,
  }, {
    title: "Several headers",
    yaml: `source: { type: stdin }
interceptors:
  - type: static
    headers: { datacenter: fra-2, team: checkout }
sink: { type: stdout, codec: json }`,
  }],
  create({ key, value, headers, preserveExisting }) {
    const named = Object.entries(headers);
    const single = named.length > 0 && key === "key" && value === "value" ? [] : [[key, value] as const];
    const all = [...single, ...named];
    return {
      intercept: (batch) =>
        all.reduce((changed, [name, text]) => fillHeader(changed, { name, preserveExisting }, text), batch),
    };
  },
});
