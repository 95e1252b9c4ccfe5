//! One HTTP request.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use ureq::http::{self, Method, Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, AsSendBody, Body};
use url::{Host, Url};

use crate::access::BucketAccess;
use crate::answer::{Fault, HttpAnswer};
use crate::error::{BucketError, BucketErrorKind};
use crate::options::BucketOptions;
use crate::secrets::Secrets;

/// Maximum size of an error document.
const MAX_ERROR_BYTES: u64 = 64 << 10;
/// Bytes of an object that add a second to its timeout.
const BYTES_PER_SECOND: u64 = 256 << 10;
/// Maximum time for a body that is received. Its size is not known before.
const MAX_RECEIVE_TIME: Duration = Duration::from_secs(900);
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Sends requests over connections that it uses again.
pub(crate) struct Transport {
    agent: Agent,
    secrets: Secrets,
    timeout: Duration,
}

/// A request whose URL contains its signature.
pub(crate) struct SignedRequest<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: Option<&'a [u8]>,
    /// Maximum size of the body of the answer.
    pub(crate) max_bytes: u64,
}

impl Transport {
    /// # Errors
    ///
    /// If the file with certificates is not readable or contains none.
    pub(crate) fn new(access: &BucketAccess, base: &Url, options: &BucketOptions) -> Result<Self, BucketError> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect would forward the signature.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(Some(RESOLVE_TIMEOUT.min(options.timeout)))
            .timeout_connect(Some(CONNECT_TIMEOUT.min(options.timeout)))
            .timeout_recv_response(Some(options.timeout))
            .user_agent(concat!("tracing-failure/", env!("CARGO_PKG_VERSION")));
        // Requests to this machine need no proxy.
        if is_local(base) {
            config = config.proxy(None);
        }
        if let Some(path) = &access.authorities {
            let roots = RootCerts::new_with_certs(&read_certificates(path)?);
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        Ok(Transport { agent: config.build().new_agent(), secrets: access.secrets.clone(), timeout: options.timeout })
    }

    /// Sends a request and reads the answer, whatever its status is.
    ///
    /// # Errors
    ///
    /// If the connection fails, or if the body of a success is longer than permitted or ends early.
    pub(crate) fn send(&self, signed: SignedRequest<'_>) -> Result<HttpAnswer, Fault> {
        let has_head_only = signed.method == Method::HEAD;
        let time_of = |bytes: u64| Duration::from_secs(bytes / BYTES_PER_SECOND);
        let sending = time_of(signed.body.map_or(0, <[u8]>::len) as u64);
        let timeout = self.timeout + sending + time_of(signed.max_bytes).min(MAX_RECEIVE_TIME);
        let mut request = Request::builder().method(signed.method).uri(signed.url.as_str());
        for (name, value) in signed.headers {
            request = request.header(*name, *value);
        }
        let mut response = match signed.body {
            Some(body) => self.run(request.body(body), timeout)?,
            None => self.run(request.body(()), timeout)?,
        };

        let status = response.status();
        let mut answer = HttpAnswer { status: status.as_u16(), headers: response.headers().clone(), body: Vec::new() };
        if !has_head_only && status.is_success() {
            answer.body = self.read(response.body_mut(), signed.max_bytes)?;
        } else if !has_head_only {
            // The status already reports the failure.
            let _ = response.body_mut().as_reader().take(MAX_ERROR_BYTES).read_to_end(&mut answer.body);
            answer.body = self.secrets.redact_in(&String::from_utf8_lossy(&answer.body)).into_bytes();
        }
        Ok(answer)
    }

    fn run(&self, request: http::Result<Request<impl AsSendBody>>, timeout: Duration) -> Result<Response<Body>, Fault> {
        let request = request.map_err(|_| Fault::new(BucketErrorKind::InvalidUrl, "the key is not valid"))?;
        let request = self.agent.configure_request(request).timeout_global(Some(timeout)).build();
        self.agent.run(request).map_err(|error| self.fault(error))
    }

    fn read(&self, body: &mut Body, max_bytes: u64) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let mut reader = body.as_reader().take(max_bytes.saturating_add(1));
        reader.read_to_end(&mut bytes).map_err(|error| self.fault(error.into()))?;
        if bytes.len() as u64 > max_bytes {
            let detail = format!("the answer has more than {max_bytes} bytes, the maximum");
            return Err(Fault::new(BucketErrorKind::TooLarge, detail));
        }
        Ok(bytes)
    }

    fn fault(&self, error: ureq::Error) -> Fault {
        let is_permanent = match &error {
            // Invalid certificates do not change.
            ureq::Error::Io(error) => matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput),
            ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => false,
            // A connection that was used again and is closed looks like a malformed answer.
            ureq::Error::Protocol(_) => false,
            _ => true,
        };
        let reason = match &error {
            // The address contains the signature.
            ureq::Error::BadUri(_) => "the address is not valid".to_owned(),
            ureq::Error::Timeout(_) => "the service does not answer in time".to_owned(),
            ureq::Error::Io(error) => error.to_string(),
            error => error.to_string(),
        };
        let detail = text::one_line(&self.secrets.redact_in(&reason)).into_owned();
        Fault { is_retryable: !is_permanent, ..Fault::new(BucketErrorKind::Unreachable, detail) }
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn read_certificates(path: &Path) -> Result<Vec<Certificate<'static>>, BucketError> {
    let invalid = |reason: String| {
        let message = format!("the file {} of AWS_CA_BUNDLE {reason}", text::path_text(path));
        BucketError::new(BucketErrorKind::InvalidSettings, message)
    };
    let pem = fs::read(path).map_err(|error| invalid(format!("cannot be read: {error}")))?;
    let items: Result<Vec<_>, _> = parse_pem(&pem).collect();
    let items = items.map_err(|_| invalid("is not a list of certificates in PEM format".to_owned()))?;
    let certificates: Vec<_> = items
        .into_iter()
        .filter_map(|item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None })
        .collect();
    if certificates.is_empty() {
        return Err(invalid("contains no certificate in PEM format".to_owned()));
    }
    Ok(certificates)
}
