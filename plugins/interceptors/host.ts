import { bool, defineInterceptor, errorText, text } from "sluice/plugin";
import { fillHeader } from "./_headers/fill.ts";

export default defineInterceptor({
  name: "host",
  aliases: [
    "org.apache.flume.interceptor.HostInterceptor$Builder",
    "org.apache.flume.interceptor.HostInterceptor",
  ],
  summary: "Adds the address or the name of the machine.",
  about:
    "The address is that of the first network interface that is not a loopback, IPv4 before IPv6. It is read " +
    "once, at the start. Where it cannot be read, that is logged and events pass without the header, as in Flume.",
  config: {
    hostHeader: text().default("host").describe("Header that gets the address or name."),
    useIP: bool().default(true).describe("Write the address; otherwise the host name."),
    preserveExisting: bool().default(false).describe("Leave events alone that have the header already."),
  },
  examples: [{
    title: "Tell which machine a line came from",
    yaml: `source: { type: stdin }
interceptors: [{ type: host, useIP: false, hostHeader: origin }]
sink: { type: stdout, codec: json }`,
  }],
  needs: () => ({ sys: ["hostname", "networkInterfaces"] }),
  create({ hostHeader: name, useIP, preserveExisting }, { log }) {
    let value: string;
    try {
      value = useIP ? ownAddress() : Deno.hostname();
    } catch (cause) {
      log.warn(`Cannot read the ${useIP ? "address" : "name"} of this host: ${errorText(cause)}`);
      return { intercept: (batch) => batch };
    }
    return { intercept: (batch) => fillHeader(batch, { name, preserveExisting }, value) };
  },
});

function ownAddress(): string {
  const outer = Deno.networkInterfaces().filter(({ address }) => !/^(?:127\.|::1$|fe80:)/i.test(address));
  const chosen = outer.find(({ family }) => family === "IPv4") ?? outer[0];
  return chosen?.address ?? "127.0.0.1";
}
