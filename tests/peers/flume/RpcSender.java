import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.flume.Event;
import org.apache.flume.api.RpcClient;
import org.apache.flume.api.RpcClientFactory;
import org.apache.flume.event.EventBuilder;

/**
 * Sends events with the RPC client of Flume's SDK. Arguments are key=value:
 * port (of 127.0.0.1; several with commas: one after the other), origin (likewise), events (of each port), batch,
 * senders (each with a client of its own), seconds and bodyBytes (a load of equal events in place of numbered ones);
 * all others are settings of the client, such as client.type=thrift or compression-type=deflate.
 * Prints one line of JSON for each port: events that were accepted, and how long that took.
 */
public final class RpcSender {
  private static final Properties SETTINGS = new Properties();

  public static void main(String[] args) throws Exception {
    for (String arg : args) {
      int at = arg.indexOf('=');
      SETTINGS.setProperty(arg.substring(0, at), arg.substring(at + 1));
    }
    String[] ports = SETTINGS.getProperty("port").split(",");
    String[] origins = SETTINGS.getProperty("origin", "client").split(",");
    for (int at = 0; at < ports.length; at++) {
      String origin = origins[Math.min(at, origins.length - 1)];
      System.out.println(sendAll(Integer.parseInt(ports[at]), origin));
    }
    System.exit(0);
  }

  private interface Work {
    long run(RpcClient client, int sender) throws Exception;
  }

  private static String sendAll(int port, String origin) throws Exception {
    if (number("seconds", 0) == 0) return together(port, (client, sender) -> sendNumbered(client, origin, sender));
    // The virtual machine compiles what it runs often: the first part of the load is not counted.
    List<Event> batch = equalEvents();
    together(port, (client, sender) -> sendFor(client, batch, number("warmSeconds", 2)));
    return together(port, (client, sender) -> sendFor(client, batch, number("seconds", 0)));
  }

  private static String together(int port, Work work) throws Exception {
    int senders = number("senders", 1);
    ExecutorService threads = Executors.newFixedThreadPool(senders);
    List<RpcClient> clients = new ArrayList<>();
    for (int at = 0; at < senders; at++) clients.add(connect(port));
    long startNs = System.nanoTime();
    List<Future<Long>> parts = new ArrayList<>();
    for (int at = 0; at < senders; at++) {
      int sender = at;
      parts.add(threads.submit(() -> work.run(clients.get(sender), sender)));
    }
    long events = 0;
    for (Future<Long> part : parts) events += part.get();
    double ms = (System.nanoTime() - startNs) / 1e6;
    for (RpcClient client : clients) client.close();
    threads.shutdown();
    return String.format("{\"port\":%d,\"events\":%d,\"ms\":%s}", port, events, ms);
  }

  private static RpcClient connect(int port) {
    Properties settings = new Properties();
    settings.setProperty("hosts", "h1");
    settings.setProperty("hosts.h1", "127.0.0.1:" + port);
    settings.setProperty("batch-size", String.valueOf(number("batch", 1000)));
    settings.putAll(SETTINGS);
    return RpcClientFactory.getInstance(settings);
  }

  private static long sendNumbered(RpcClient client, String origin, int sender) throws Exception {
    int events = number("events", 1);
    int senders = number("senders", 1);
    int batch = number("batch", 1000);
    long sent = 0;
    List<Event> waiting = new ArrayList<>();
    for (int id = sender; id < events; id += senders) {
      waiting.add(numbered(origin, id));
      if (waiting.size() < batch && id + senders < events) continue;
      // A batch of one goes by `append`, as a program that sends single events does it.
      if (waiting.size() == 1) client.append(waiting.get(0));
      else client.appendBatch(waiting);
      sent += waiting.size();
      waiting = new ArrayList<>();
    }
    return sent;
  }

  private static long sendFor(RpcClient client, List<Event> batch, int seconds) throws Exception {
    long endNs = System.nanoTime() + seconds * 1_000_000_000L;
    long sent = 0;
    while (System.nanoTime() < endNs) {
      client.appendBatch(batch);
      sent += batch.size();
    }
    return sent;
  }

  private static List<Event> equalEvents() {
    byte[] body = "x".repeat(number("bodyBytes", 200)).getBytes(StandardCharsets.UTF_8);
    List<Event> events = new ArrayList<>();
    for (int at = 0; at < number("batch", 1000); at++) events.add(EventBuilder.withBody(body, new HashMap<>()));
    return events;
  }

  /** An event that numbered_events.ts makes as well, from the same two words. */
  private static Event numbered(String origin, int id) {
    int bytes = id % 50 == 0 ? 0 : id % 1000 == 999 ? 20_000 : id * 37 % 613;
    byte[] body = new byte[bytes];
    for (int at = 0; at < bytes; at++) body[at] = (byte) (id + at * 131 + (at >> 3));
    Map<String, String> headers = new HashMap<>();
    headers.put("id", String.valueOf(id));
    headers.put("origin", origin);
    headers.put("größe", "日本 \t" + id % 7);
    headers.put("empty", "");
    return EventBuilder.withBody(body, headers);
  }

  private static int number(String name, int otherwise) {
    return Integer.parseInt(SETTINGS.getProperty(name, String.valueOf(otherwise)));
  }
}
