//! Listings of one or more pages.

use tracing_failure_bucket::{BucketErrorKind, ListedObject};

use crate::server::{Behaviour, Server, hang_up, reply};
use crate::{bucket_at, message};

fn page(keys: &[&str], next: Option<&str>) -> Behaviour {
    let objects: String =
        keys.iter().map(|key| format!("<Contents><Key>{key}</Key><Size>7</Size></Contents>")).collect();
    let next = next.map_or_else(String::new, |token| format!("<NextContinuationToken>{token}</NextContinuationToken>"));
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated>{next}{objects}</ListBucketResult>",
        !next.is_empty()
    );
    reply("200 OK", "", &body)
}

/// The error of a listing whose answers are given.
fn list_error(answers: Vec<Behaviour>) -> (BucketErrorKind, String) {
    let count = answers.len();
    let server = Server::start(answers.into_iter().chain([hang_up()]));
    let error = bucket_at(&server.address).list("corpus").unwrap_err();
    server.requests(count);
    (error.kind(), message(&error))
}

#[test]
fn pages_are_joined() {
    let server = Server::start([page(&["corpus/a", "corpus/b/"], Some("t&amp;1")), page(&["corpus/%C3%BC%20x"], None)]);
    let objects = bucket_at(&server.address).list("corpus").unwrap();
    let object = |key: &str| ListedObject { key: key.to_owned(), size: 7 };
    assert_eq!(objects, [object("corpus/a"), object("corpus/ü x")]);
    let requests = server.requests(2);
    assert!(
        requests[0].line.starts_with("GET /lab/?") && requests[0].line.contains("prefix=corpus%2F"),
        "{requests:?}"
    );
    assert!(requests[1].line.contains("continuation-token=t%261"), "{requests:?}");
}

#[test]
fn an_empty_prefix_lists_all() {
    let server = Server::start([page(&["a"], None)]);
    assert_eq!(bucket_at(&server.address).list("").unwrap().len(), 1);
    server.requests(1);
}

#[test]
fn listings_that_do_not_end_are_errors() {
    let (kind, text) = list_error(vec![page(&[], Some("t1")), page(&["corpus/a"], Some("t1"))]);
    assert_eq!(kind, BucketErrorKind::InvalidAnswer);
    assert!(text.contains("does not continue"), "{text}");
    assert_eq!(list_error(vec![page(&[], Some(&"t".repeat(10_000)))]).0, BucketErrorKind::InvalidAnswer);
}

#[test]
fn foreign_keys_are_errors() {
    for key in ["other/a", "corpusx", "/etc/passwd"] {
        let (kind, text) = list_error(vec![page(&["corpus/a", key], None)]);
        assert_eq!(kind, BucketErrorKind::InvalidAnswer);
        assert!(text.contains("another prefix"), "{text}");
    }
}

#[test]
fn unreadable_listings_are_errors() {
    let nested =
        format!("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}", "<a>".repeat(1_000_000));
    for body in [
        "",
        "{}",
        "<ListBucketResult",
        "<ListBucketResult><Contents><Key>corpus/a</Ke",
        "<html>\x1b[2J</html>",
        &nested,
    ] {
        let (kind, text) = list_error(vec![reply("200 OK", "", body)]);
        assert_eq!(kind, BucketErrorKind::InvalidAnswer, "{text}");
        assert!(!text.contains('\x1b') && text.len() < 1000, "{text}");
    }
}
