//! Errors that the service reports.

use tracing_failure_bucket::BucketErrorKind;

use crate::server::{Server, error, hang_up, reply};
use crate::{KEY, OBJECT, SECRET, TOKEN, bucket_at, message};

/// The error of reading an object, after one request.
#[track_caller]
fn read_error(answer: crate::server::Behaviour) -> (BucketErrorKind, String) {
    let server = Server::start([answer, hang_up()]);
    let error = bucket_at(&server.address).get(OBJECT, 100).unwrap_err();
    server.requests(1);
    (error.kind(), message(&error))
}

#[test]
fn refused_access_is_not_repeated() {
    let server = Server::start([error("403 Forbidden", "AccessDenied", "Access &amp; Denied."), hang_up()]);
    let error = bucket_at(&server.address).put_new(OBJECT, b"x").unwrap_err();
    let text = message(&error);
    assert_eq!(
        (error.kind(), error.status(), error.code()),
        (BucketErrorKind::AccessDenied, Some(403), Some("AccessDenied"))
    );
    for part in
        ["s3://lab/corpus/part 1.parquet", &server.address, "403 AccessDenied", "\"Access & Denied.\"", "s3:PutObject"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    server.requests(1);
}

#[test]
fn each_code_has_its_remedy() {
    for (status, code, kind, remedy) in [
        ("404 Not Found", "NoSuchBucket", BucketErrorKind::NoSuchBucket, "Create it"),
        ("403 Forbidden", "InvalidAccessKeyId", BucketErrorKind::InvalidCredentials, "AWS_ACCESS_KEY_ID"),
        ("403 Forbidden", "SignatureDoesNotMatch", BucketErrorKind::InvalidCredentials, "AWS_SECRET_ACCESS_KEY"),
        ("400 Bad Request", "ExpiredToken", BucketErrorKind::ExpiredCredentials, "Renew AWS_SESSION_TOKEN"),
        ("403 Forbidden", "RequestTimeTooSkewed", BucketErrorKind::ClockSkew, "Set the clock"),
        ("501 Not Implemented", "NotImplemented", BucketErrorKind::Unsupported, "conditional writes"),
        ("403 Forbidden", "", BucketErrorKind::AccessDenied, "s3:GetObject"),
        ("418 Teapot", "Tea", BucketErrorKind::Rejected, "418 Tea"),
    ] {
        let (found, text) = read_error(error(status, code, ""));
        assert_eq!(found, kind, "{text}");
        assert!(text.contains(remedy), "{text}");
    }
}

#[test]
fn a_service_that_repeats_the_credentials_is_not_repeated() {
    let (_, text) = read_error(error("403 Forbidden", "InvalidAccessKeyId", &format!("{KEY}, {SECRET} and {TOKEN}")));
    assert!(text.contains("[redacted], [redacted] and [redacted]"), "{text}");
}

#[test]
fn pages_of_proxies_are_not_shown() {
    let (kind, text) = read_error(reply("403 Forbidden", "", "<html>\x1b[2J go away</html>"));
    assert_eq!(kind, BucketErrorKind::AccessDenied);
    assert!(text.contains("status 403. Access is denied") && !text.contains("go away"), "{text}");
}

#[test]
fn another_region_is_named() {
    let header = "x-amz-bucket-region: eu-central-1\r\n";
    for answer in [
        reply("301 Moved Permanently", header, "<Error><Code>PermanentRedirect</Code></Error>"),
        reply("400 Bad Request", header, ""),
        reply(
            "400 Bad Request",
            "",
            "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region></Error>",
        ),
    ] {
        let (kind, text) = read_error(answer);
        assert_eq!(kind, BucketErrorKind::WrongRegion, "{text}");
        assert!(text.contains("the region eu-central-1. Set AWS_REGION"), "{text}");
    }
}

#[test]
fn redirects_are_not_followed() {
    let location = "Location: http://127.0.0.1:1/lab/x?X-Amz-Signature=1\r\n";
    let (kind, text) = read_error(reply("307 Temporary Redirect", location, ""));
    assert_eq!(kind, BucketErrorKind::Redirect);
    assert!(text.contains("redirects to http://127.0.0.1:1. Redirects are not followed"), "{text}");
}

#[test]
fn a_wrong_clock_explains_a_refusal() {
    for (date, text) in
        [("Sun, 06 Nov 1994 08:49:37 GMT", "minutes ahead"), ("Thu, 06 Nov 2994 08:49:37 GMT", "minutes behind")]
    {
        let (kind, message) = read_error(reply("403 Forbidden", &format!("Date: {date}\r\n"), ""));
        assert_eq!(kind, BucketErrorKind::ClockSkew);
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn a_missing_object_is_no_error() {
    let server = Server::start([error("404 Not Found", "NoSuchKey", ""), reply("404 Not Found", "", "")]);
    let bucket = bucket_at(&server.address);
    assert_eq!(bucket.get(OBJECT, 100).unwrap(), None);
    assert_eq!(bucket.head(OBJECT).unwrap(), None);
    server.requests(2);
}
