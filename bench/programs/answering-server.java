// A Java service that gives every request the same answer from memory; a second port says how many it has served.
//
//   java -Dsun.net.httpserver.nodelay=true answering-server.java FILE     prints "listening PORT STATUS_PORT"
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

class AnsweringServer {
    static HttpServer serve(java.util.function.Supplier<byte[]> answer) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 512);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", exchange -> {
            byte[] body = answer.get();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return server;
    }

    public static void main(String[] args) throws Exception {
        byte[] body = Files.readAllBytes(Path.of(args[0]));
        AtomicLong served = new AtomicLong();
        HttpServer server = serve(() -> {
            served.incrementAndGet();
            return body;
        });
        HttpServer status = serve(() -> String.valueOf(served.get()).getBytes());
        System.out.println("listening " + server.getAddress().getPort() + " " + status.getAddress().getPort());
    }
}
