import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Measures Kafka's own client. Arguments are key=value: work (produce or consume), topic (with commas: one after the other,
 * in one virtual machine, so that a first one can warm it), records (of each), bodyBytes, transaction (records of each;
 * none without it); all others are settings of the client, such as bootstrap.servers or linger.ms.
 * Prints one line of JSON for each topic: how many records, and how long they took.
 */
public final class KafkaLoad {
  private static final List<String> OURS = List.of("work", "topic", "records", "bodyBytes", "transaction");
  private static final Duration POLL = Duration.ofMillis(100);
  private static final long LIMIT_NS = 60_000_000_000L;
  private static final Properties SETTINGS = new Properties();
  private static final Properties CLIENT = new Properties();

  public static void main(String[] args) throws Exception {
    for (String arg : args) {
      int at = arg.indexOf('=');
      String key = arg.substring(0, at);
      (OURS.contains(key) ? SETTINGS : CLIENT).setProperty(key, arg.substring(at + 1));
    }
    boolean produces = SETTINGS.getProperty("work").equals("produce");
    for (String topic : SETTINGS.getProperty("topic").split(",")) {
      long ns = produces ? produce(topic) : consume(topic);
      System.out.printf("{\"topic\":\"%s\",\"records\":%d,\"ms\":%s}%n", topic, number("records", 1), ns / 1e6);
    }
    System.exit(0);
  }

  private static long produce(String topic) throws Exception {
    CLIENT.putIfAbsent("acks", "all");
    CLIENT.putIfAbsent("enable.idempotence", "true");
    int perTransaction = number("transaction", 0);
    if (perTransaction > 0) CLIENT.setProperty("transactional.id", topic);
    byte[] body = new byte[number("bodyBytes", 200)];
    Arrays.fill(body, (byte) 'x');
    AtomicReference<Exception> failure = new AtomicReference<>();
    try (var producer = new KafkaProducer<>(CLIENT, new ByteArraySerializer(), new ByteArraySerializer())) {
      if (perTransaction > 0) producer.initTransactions();
      producer.partitionsFor(topic);
      long startNs = System.nanoTime();
      for (int at = 0, count = number("records", 1); at < count; at++) {
        if (perTransaction > 0 && at % perTransaction == 0) {
          if (at > 0) producer.commitTransaction();
          producer.beginTransaction();
        }
        producer.send(new ProducerRecord<>(topic, body), (place, cause) -> { if (cause != null) failure.set(cause); });
      }
      if (perTransaction > 0) producer.commitTransaction();
      producer.flush();
      if (failure.get() != null) throw failure.get();
      return System.nanoTime() - startNs;
    }
  }

  /** From when the group has given its partitions out. */
  private static long consume(String topic) {
    CLIENT.putIfAbsent("auto.offset.reset", "earliest");
    CLIENT.setProperty("group.id", "load-" + System.nanoTime());
    try (var consumer = new KafkaConsumer<>(CLIENT, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(topic));
      long startNs = System.nanoTime();
      long endNs = startNs + LIMIT_NS;
      for (int left = number("records", 1); left > 0;) {
        if (consumer.assignment().isEmpty()) startNs = System.nanoTime();
        left -= consumer.poll(POLL).count();
        if (System.nanoTime() > endNs) throw new IllegalStateException(left + " records of " + topic + " did not come");
      }
      return System.nanoTime() - startNs;
    }
  }

  private static int number(String name, int otherwise) {
    return Integer.parseInt(SETTINGS.getProperty(name, String.valueOf(otherwise)));
  }
}
