package org.apache.flume.source;

import com.google.gson.*;
import io.netty.buffer.*;
import java.nio.charset.*;
import java.nio.file.*;
import java.time.*;
import java.util.*;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flume.Event;
import org.apache.flume.instrumentation.SourceCounter;
import org.apache.mina.core.buffer.IoBuffer;

/**
 * Runs Flume's own syslog parsers over the inputs of a JSON file and adds what they made of them. Bytes stand as
 * latin1 text. Arguments: utils|parser, file in, file out. Zone: -Duser.timezone; needs -Dfile.encoding=UTF-8.
 */
public class SyslogGolden {
  public static void main(String[] args) throws Exception {
    JsonObject golden = JsonParser.parseString(Files.readString(Path.of(args[1]))).getAsJsonObject();
    for (JsonElement each : golden.getAsJsonArray("cases")) {
      JsonObject one = each.getAsJsonObject();
      JsonArray events = new JsonArray();
      one.add("events", events);
      try {
        if (args[0].equals("utils")) utils(one, events); else parser(one, events);
      } catch (Throwable thrown) {
        one.addProperty("thrown", thrown.getClass().getSimpleName());
      }
    }
    Gson gson = new GsonBuilder().disableHtmlEscaping().create();
    StringBuilder out = new StringBuilder("{\n \"zone\": \"" + TimeZone.getDefault().getID() + "\",\n \"cases\": [\n");
    JsonArray cases = golden.getAsJsonArray("cases");
    for (int i = 0; i < cases.size(); i++) out.append("  ").append(ascii(gson.toJson(cases.get(i)))).append(i + 1 < cases.size() ? ",\n" : "\n");
    Files.writeString(Path.of(args[2]), out.append(" ]\n}\n").toString());
  }

  static String ascii(String json) {
    StringBuilder out = new StringBuilder();
    for (char c : json.toCharArray()) out.append(c < 127 ? String.valueOf(c) : String.format("\\u%04x", (int) c));
    return out.toString();
  }

  static String text(JsonObject one, String key) { return one.has(key) ? one.get(key).getAsString() : null; }
  static int number(JsonObject one, String key, int otherwise) { return one.has(key) ? one.get(key).getAsInt() : otherwise; }

  static void utils(JsonObject one, JsonArray events) {
    long now = one.get("now").getAsLong();
    boolean isUdp = one.has("udp");
    Set<String> keep = SyslogUtils.chooseFieldsToKeep(one.has("keepFields") ? text(one, "keepFields") : "none");
    SyslogUtils utils = new SyslogUtils(2500, keep, isUdp, Clock.fixed(Instant.ofEpochMilli(now), ZoneId.systemDefault()));
    utils.setEventSize(isUdp ? 65536 : number(one, "eventSize", 2500));
    Map<String, String> format = new HashMap<>();
    if (one.has("format")) for (Map.Entry<String, JsonElement> e : one.getAsJsonObject("format").entrySet()) format.put(e.getKey(), e.getValue().getAsString());
    utils.addFormats(format);
    for (JsonElement chunk : one.getAsJsonArray("chunks")) {
      ByteBuf in = Unpooled.wrappedBuffer(chunk.getAsString().getBytes(StandardCharsets.ISO_8859_1));
      if (isUdp) {
        Event e = utils.extractEvent(in);
        if (e != null) events.add(json(e));
        continue;
      }
      while (in.isReadable()) {
        Event e = utils.extractEvent(in);
        if (e != null) events.add(json(e));
      }
    }
  }

  static void parser(JsonObject one, JsonArray events) {
    long now = one.get("now").getAsLong();
    org.joda.time.DateTimeUtils.setCurrentMillisFixed(now);
    Set<String> keep = SyslogUtils.chooseFieldsToKeep(one.has("keepFields") ? text(one, "keepFields") : "none");
    int size = number(one, "eventSize", 2500);
    MultiportSyslogTCPSource.ThreadSafeDecoder decoder = new MultiportSyslogTCPSource.ThreadSafeDecoder(
        Charset.forName(one.has("charset") ? text(one, "charset") : "UTF-8"));
    MultiportSyslogTCPSource.MultiportSyslogHandler handler = new MultiportSyslogTCPSource.MultiportSyslogHandler(
        size, 100, null, new SourceCounter("golden"), null, null, null, decoder, new ConcurrentHashMap<>(), keep);
    MultiportSyslogTCPSource.LineSplitter splitter = new MultiportSyslogTCPSource.LineSplitter(size);
    IoBuffer saved = IoBuffer.allocate(size, false);
    MultiportSyslogTCPSource.ParsedBuffer line = new MultiportSyslogTCPSource.ParsedBuffer();
    for (JsonElement chunk : one.getAsJsonArray("chunks")) {
      IoBuffer in = IoBuffer.wrap(chunk.getAsString().getBytes(StandardCharsets.ISO_8859_1));
      while (in.hasRemaining()) if (splitter.parseLine(in, saved, line)) events.add(json(handler.parseEvent(line, decoder.get())));
    }
  }

  static JsonObject json(Event event) {
    JsonObject out = new JsonObject();
    JsonObject headers = new JsonObject();
    for (Map.Entry<String, String> e : new TreeMap<>(event.getHeaders()).entrySet()) {
      String value = e.getValue();
      if (e.getKey().equals("timestamp") && value.length() == 13 && Math.abs(Long.parseLong(value) - System.currentTimeMillis()) < 60000) value = "now";
      headers.addProperty(e.getKey(), value);
    }
    out.add("headers", headers);
    out.addProperty("body", new String(event.getBody(), StandardCharsets.ISO_8859_1));
    return out;
  }
}
