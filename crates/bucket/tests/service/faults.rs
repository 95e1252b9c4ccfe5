//! Services that are busy, broken or hostile.

use std::net::TcpListener;
use std::time::Duration;

use tracing_failure_bucket::{Bucket, BucketAccess, BucketErrorKind, BucketOptions};

use crate::server::{Behaviour, Server, error, hang_up, reply};
use crate::{ATTEMPTS, OBJECT, bucket_at, bucket_with_timeout, message};

const DIGEST_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn object(content: &str) -> Behaviour {
    let headers = format!("ETag: \"e1\"\r\nx-amz-meta-tracing-failure-sha256: {DIGEST_OF_ABC}\r\n");
    reply("200 OK", &headers, content)
}

/// A body of 100 bytes of which 3 arrive.
fn short_body() -> Behaviour {
    Behaviour::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: \"e1\"\r\n\r\nabc".to_vec())
}

fn endless_body() -> Behaviour {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"e1\"\r\n\r\n";
    Behaviour::SendEndlessly(head.into(), format!("1000\r\n{}\r\n", "<a>x".repeat(1024)).into_bytes())
}

#[test]
fn a_busy_service_is_asked_again() {
    let busy = || error("503 Service Unavailable", "SlowDown", "Please reduce your request rate.");
    let server = Server::start([busy(), busy(), object("abc")]);
    let read = bucket_at(&server.address).get(OBJECT, 100).unwrap().unwrap();
    assert_eq!(
        (&*read.content, &*read.info.etag, read.info.size, read.info.is_ours()),
        (&b"abc"[..], "\"e1\"", 3, true)
    );
    server.requests(3);
}

#[test]
fn attempts_have_an_end() {
    let answers = ["429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable"];
    let server =
        Server::start(answers.map(|status| reply(status, "Retry-After: 1000\r\n", "")).into_iter().chain([hang_up()]));
    let error = bucket_at(&server.address).get(OBJECT, 100).unwrap_err();
    assert_eq!((error.kind(), error.status()), (BucketErrorKind::Unavailable, Some(503)));
    assert!(message(&error).contains("Try again later"));
    server.requests(ATTEMPTS as usize);
}

#[test]
fn a_body_that_ends_early_is_read_again() {
    let server = Server::start([short_body(), hang_up(), object("abc")]);
    let read = bucket_at(&server.address).get(OBJECT, 1000).unwrap().unwrap();
    assert_eq!(read.content, b"abc");
    server.requests(3);

    let server = Server::start([short_body(), short_body(), short_body(), hang_up()]);
    let error = bucket_at(&server.address).get(OBJECT, 1000).unwrap_err();
    assert_eq!(error.kind(), BucketErrorKind::Unreachable);
    message(&error);
    server.requests(3);
}

#[test]
fn an_endless_body_has_an_end() {
    let server = Server::start([endless_body(), endless_body(), hang_up()]);
    let bucket = bucket_at(&server.address);
    for error in [bucket.get(OBJECT, 100_000).unwrap_err(), bucket.list("corpus").unwrap_err()] {
        assert_eq!(error.kind(), BucketErrorKind::TooLarge);
        assert!(message(&error).contains("bytes, the maximum"), "{error}");
    }
    server.requests(2);
}

#[test]
fn a_service_that_stalls_is_left() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nETag: \"e1\"\r\n\r\nabc".to_vec();
    let server = Server::start([Behaviour::Stall(Vec::new()), Behaviour::Stall(half), object("abc")]);
    let read = bucket_with_timeout(&server.address, Duration::from_secs(1)).get(OBJECT, 1000).unwrap().unwrap();
    assert_eq!(read.content, b"abc");
    server.requests(3);

    let server = Server::start([0; 3].map(|_| Behaviour::Stall(Vec::new())));
    let error = bucket_with_timeout(&server.address, Duration::from_millis(50)).put_new(OBJECT, b"x").unwrap_err();
    assert_eq!(error.kind(), BucketErrorKind::Unreachable);
    assert!(message(&error).contains("does not answer in time"), "{error}");
    server.requests(3);
}

#[test]
fn an_endless_error_page_is_cut() {
    let page = |status| {
        let head = format!("HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n");
        Behaviour::SendEndlessly(head.into_bytes(), format!("1000\r\n{}\r\n", "x".repeat(4096)).into_bytes())
    };
    let server = Server::start([page("403 Forbidden"), hang_up()]);
    assert_eq!(bucket_at(&server.address).get(OBJECT, 1000).unwrap_err().kind(), BucketErrorKind::AccessDenied);
    server.requests(1);
}

#[test]
fn a_damaged_object_is_not_returned() {
    let server = Server::start([object("abd"), object("ab"), object("abd"), hang_up()]);
    let error = bucket_at(&server.address).get(OBJECT, 1000).unwrap_err();
    assert_eq!(error.kind(), BucketErrorKind::Damaged);
    assert!(message(&error).contains("SHA-256"), "{error}");
    server.requests(3);

    let server = Server::start([object("abd"), object("abc")]);
    assert_eq!(bucket_at(&server.address).get(OBJECT, 1000).unwrap().unwrap().content, b"abc");
    server.requests(2);
}

#[test]
fn answers_of_other_services_are_errors() {
    for answer in [reply("200 OK", "", "hello"), Behaviour::Send(b"220 ftp.example.org\r\n".to_vec())] {
        let server = Server::start([answer, hang_up(), hang_up()]);
        let error = bucket_at(&server.address).get(OBJECT, 1000).unwrap_err();
        let is_expected = matches!(error.kind(), BucketErrorKind::InvalidAnswer | BucketErrorKind::Unreachable);
        assert!(is_expected && message(&error).contains("AWS_ENDPOINT_URL_S3"), "{error}");
    }
}

#[test]
fn a_service_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = bucket_at(&address).list("").unwrap_err();
    assert_eq!(error.kind(), BucketErrorKind::Unreachable);
    assert!(message(&error).contains(&address) && message(&error).contains("Check the network"), "{error}");
}

#[test]
fn unreadable_certificates_are_named() {
    let file = env!("CARGO_MANIFEST_DIR").to_owned() + "/Cargo.toml";
    for (path, reason) in [("no/such.pem", "cannot be read"), (&*file, "contains no certificate")] {
        let access = BucketAccess::from_variables(|name| match name {
            "AWS_CA_BUNDLE" => Some(path.to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
            _ => None,
        });
        let url = "s3://lab".parse().unwrap();
        let error = Bucket::new(&url, access.unwrap(), BucketOptions::default()).unwrap_err();
        assert_eq!(error.kind(), BucketErrorKind::InvalidSettings);
        for part in [reason, path, "AWS_CA_BUNDLE"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}

#[test]
fn keys_that_an_address_would_change_are_rejected() {
    let bucket = bucket_at("http://127.0.0.1:1");
    let long = "x".repeat(1025);
    for key in ["", "a/../b", ".", "a\nb", &*long] {
        assert_eq!(bucket.get(key, 1).unwrap_err().kind(), BucketErrorKind::InvalidUrl, "{key}");
        assert_eq!(bucket.put_new(key, b"").unwrap_err().kind(), BucketErrorKind::InvalidUrl, "{key}");
    }
}
