//! Writes that overwrite nothing.

use tracing_failure_bucket::{BucketErrorKind, ObjectInfo, PutOutcome};

use crate::server::{Server, error, hang_up, head, reply};
use crate::{OBJECT, SECRET, TOKEN, bucket_at, message};

const DIGEST_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

const OTHER_DIGEST: &str = "b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78";

/// An object that was read earlier.
fn old(digest: &str) -> ObjectInfo {
    ObjectInfo { etag: "\"e1\"".to_owned(), size: 3, digest: Some(digest.to_owned()) }
}

#[test]
fn a_new_object_has_a_condition_and_a_digest() {
    let server = Server::start([reply("200 OK", "ETag: \"e1\"\r\n", "")]);
    assert_eq!(bucket_at(&server.address).put_new(OBJECT, b"abc").unwrap(), PutOutcome::Written);
    let [request] = &*server.requests(1) else { panic!() };
    assert!(request.line.starts_with("PUT /lab/corpus/part%201.parquet?"), "{request:?}");
    assert_eq!(request.header("if-none-match"), Some("*"));
    assert_eq!(request.header("if-match"), None);
    assert_eq!(request.header("content-length"), Some("3"));
    assert_eq!(request.header("x-amz-meta-tracing-failure-sha256"), Some(DIGEST_OF_ABC));
    assert_eq!(request.body, b"abc");
    assert!(request.line.contains("eu-north-1") && request.line.contains("X-Amz-SignedHeaders=host%3Bx-amz-meta"));
    assert!(!request.line.contains(SECRET) && request.line.contains(&TOKEN.replace('=', "%3D")));
}

#[test]
fn a_replacement_names_the_version() {
    let server = Server::start([reply("200 OK", "ETag: \"e2\"\r\n", "")]);
    assert_eq!(bucket_at(&server.address).replace(OBJECT, b"abc", &old(OTHER_DIGEST)).unwrap(), PutOutcome::Written);
    let [request] = &*server.requests(1) else { panic!() };
    assert_eq!((request.header("if-match"), request.header("if-none-match")), (Some("\"e1\""), None));
}

#[test]
fn another_writer_is_a_conflict() {
    for (status, code) in
        [("412 Precondition Failed", "PreconditionFailed"), ("409 Conflict", "ConditionalRequestConflict")]
    {
        let server = Server::start([error(status, code, ""), error(status, code, ""), hang_up()]);
        let bucket = bucket_at(&server.address);
        assert_eq!(bucket.put_new(OBJECT, b"abc").unwrap(), PutOutcome::Conflict);
        assert_eq!(bucket.replace(OBJECT, b"abc", &old(OTHER_DIGEST)).unwrap(), PutOutcome::Conflict);
        server.requests(2);
    }
    // The object was deleted.
    let server = Server::start([error("404 Not Found", "NoSuchKey", ""), error("404 Not Found", "NoSuchBucket", "")]);
    let bucket = bucket_at(&server.address);
    assert_eq!(bucket.replace(OBJECT, b"abc", &old(OTHER_DIGEST)).unwrap(), PutOutcome::Conflict);
    assert_eq!(bucket.replace(OBJECT, b"abc", &old(OTHER_DIGEST)).unwrap_err().kind(), BucketErrorKind::NoSuchBucket);
    server.requests(2);
}

#[test]
fn a_lost_answer_is_no_conflict() {
    let outcome = |answer| {
        let server = Server::start([hang_up(), error("412 Precondition Failed", "PreconditionFailed", ""), answer]);
        let outcome = bucket_at(&server.address).put_new(OBJECT, b"abc").unwrap();
        let methods: Vec<_> = server.requests(3).iter().map(|request| request.method().to_owned()).collect();
        assert_eq!(methods, ["PUT", "PUT", "HEAD"]);
        outcome
    };
    assert_eq!(outcome(head(3, Some(DIGEST_OF_ABC))), PutOutcome::Written);
    assert_eq!(outcome(head(3, Some(&"0".repeat(64)))), PutOutcome::Conflict);
    assert_eq!(outcome(head(3, None)), PutOutcome::Conflict);
    assert_eq!(outcome(reply("404 Not Found", "", "")), PutOutcome::Conflict);
}

#[test]
fn objects_of_other_programs_are_recognised() {
    let server = Server::start([head(9, None), head(9, Some("xyz")), head(9, Some(DIGEST_OF_ABC))]);
    let bucket = bucket_at(&server.address);
    for (is_ours, size) in [(false, 9), (false, 9), (true, 9)] {
        let info = bucket.head(OBJECT).unwrap().unwrap();
        assert_eq!((info.is_ours(), info.size, &*info.etag), (is_ours, size, "\"e1\""));
    }
    server.requests(3);
}

#[test]
fn objects_of_other_programs_are_not_replaced() {
    let bucket = bucket_at("http://127.0.0.1:1");
    let error = bucket.replace(OBJECT, b"abc", &ObjectInfo { digest: None, ..old("") }).unwrap_err();
    assert_eq!(error.kind(), BucketErrorKind::NotOurs);
    assert!(message(&error).contains("s3://lab/corpus/part 1.parquet") && message(&error).contains("another prefix"));
}

#[test]
fn the_same_content_is_not_written_again() {
    let bucket = bucket_at("http://127.0.0.1:1");
    assert_eq!(bucket.replace(OBJECT, b"abc", &old(DIGEST_OF_ABC)).unwrap(), PutOutcome::Written);
}
