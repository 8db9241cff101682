//! Callers who hold on to what they do not use, on real sockets.

use std::io;
use std::time::Instant;

use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::*;

const LONG: Duration = Duration::from_secs(20);
const CALL: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// A listener with two places, that is quick to lose patience.
const LIMITS: Limits =
    Limits { connections: 2, head: Duration::from_millis(600), stalled: Duration::from_millis(600) };

struct Served {
    address: SocketAddr,
    ending: watch::Sender<bool>,
    served: tokio::task::JoinHandle<()>,
}

async fn start() -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
        .route("/vast", get(|| async { vec![b'x'; 64 << 20] }))
        .route(
            "/slow",
            get(|| async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                "done"
            }),
        );
    let (ending, ended) = watch::channel(false);
    let served = tokio::spawn(serve(listener, router, LIMITS, ended));
    Served { address, ending, served }
}

async fn send(to: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// All that comes back; an end by force is an end.
async fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    match timeout(LONG, stream.read_to_end(&mut all)).await.expect("the connection ends") {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
    }
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let served = start().await;
    let start = Instant::now();
    let told = rest(send(served.address, b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await).await;
    assert!(!told.contains("200 OK"), "{told}");
    assert!(start.elapsed() >= LIMITS.head, "cut off after {:?}", start.elapsed());
    // Nor does silence hold a place, before a call or after one.
    assert_eq!(rest(send(served.address, b"").await).await, "");
    let told = rest(send(served.address, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await).await;
    assert!(told.contains("200 OK"), "{told}");
}

#[tokio::test]
async fn a_caller_too_many_waits_and_is_served_when_a_place_is_free() {
    let served = start().await;
    let held = [send(served.address, b"GET /").await, send(served.address, b"GET /").await];
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut third = send(served.address, CALL).await;
    let mut byte = [0];
    assert!(timeout(Duration::from_millis(200), third.read(&mut byte)).await.is_err(), "a third place");
    let told = rest(third).await;
    assert!(told.contains("200 OK") && told.contains("127.0.0.1:"), "{told}");
    drop(held);
    for caller in 0..20 {
        let told = rest(send(served.address, CALL).await).await;
        assert!(told.contains("200 OK"), "caller {caller}: {told}");
    }
}

#[tokio::test]
async fn a_caller_who_does_not_take_the_answer_is_cut_off() {
    let served = start().await;
    let vast = b"GET /vast HTTP/1.1\r\nhost: x\r\n\r\n";
    let held = [send(served.address, vast).await, send(served.address, vast).await];
    let told = rest(send(served.address, CALL).await).await;
    assert!(told.contains("200 OK"), "{told}");
    drop(held);
}

#[tokio::test]
async fn an_ending_lets_calls_end_and_takes_no_new_ones() {
    let Served { address, ending, served } = start().await;
    let under_way = send(address, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let idle = send(address, b"").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    ending.send(true).unwrap();
    let told = rest(under_way).await;
    assert!(told.ends_with("done"), "{told}");
    assert_eq!(rest(idle).await, "");
    timeout(LONG, served).await.expect("it ends").unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "still listening");
}
