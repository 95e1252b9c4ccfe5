//! The settings of a bucket from the environment.

use std::env;
use std::path::PathBuf;

use url::Url;

use crate::error::{BucketError, BucketErrorKind};
use crate::secrets::Secrets;

/// The region of a service that has none.
const DEFAULT_REGION: &str = "us-east-1";
/// The variables of the endpoint, the more specific one first.
const ENDPOINT_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];
const REGION_VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// The credentials, the region and the endpoint of an S3 service. `Debug` redacts the credentials.
#[derive(Clone, Debug)]
pub struct BucketAccess {
    pub(crate) secrets: Secrets,
    pub(crate) region: String,
    /// The address of a service other than AWS.
    pub(crate) endpoint: Option<Url>,
    /// A file with the certificates of authorities to trust.
    pub(crate) authorities: Option<PathBuf>,
}

impl BucketAccess {
    /// Reads the environment variables that [`from_variables`](Self::from_variables) names.
    ///
    /// # Errors
    ///
    /// As [`from_variables`](Self::from_variables).
    ///
    /// ```no_run
    /// let access = tracing_failure_bucket::BucketAccess::from_env()?;
    /// # Ok::<(), tracing_failure_bucket::BucketError>(())
    /// ```
    pub fn from_env() -> Result<Self, BucketError> {
        Self::from_variables(|name| env::var(name).ok())
    }

    /// Reads `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` or `AWS_DEFAULT_REGION`,
    /// `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, and `AWS_CA_BUNDLE` from a function. A blank variable counts as
    /// missing. Profiles and roles of instances are not read.
    ///
    /// # Errors
    ///
    /// If there are no credentials, or if a variable is not valid.
    ///
    /// ```
    /// use tracing_failure_bucket::{BucketAccess, BucketErrorKind};
    ///
    /// let error = BucketAccess::from_variables(|_| None).unwrap_err();
    /// assert_eq!(error.kind(), BucketErrorKind::NoCredentials);
    /// ```
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BucketError> {
        let read = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, read(name)?)));

        let endpoint = first(ENDPOINT_VARIABLES).map(|(name, value)| parse_endpoint(name, &value)).transpose()?;
        let region = first(REGION_VARIABLES);
        if let Some((name, region)) = &region
            && !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        {
            return Err(invalid(name, "is not a region, such as eu-central-1"));
        }
        let (key, secret) = (read("AWS_ACCESS_KEY_ID"), read("AWS_SECRET_ACCESS_KEY"));
        let (Some(key), Some(secret)) = (&key, &secret) else {
            return Err(no_credentials(key.is_some(), secret.is_some(), read("AWS_PROFILE").is_some()));
        };
        let token = read("AWS_SESSION_TOKEN");
        let is_printable = |value: &String| value.bytes().all(|byte| byte.is_ascii_graphic());
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", Some(key)),
            ("AWS_SECRET_ACCESS_KEY", Some(secret)),
            ("AWS_SESSION_TOKEN", token.as_ref()),
        ] {
            if !value.is_none_or(is_printable) {
                return Err(invalid(name, "contains spaces or characters outside ASCII"));
            }
        }
        Ok(BucketAccess {
            secrets: Secrets { key: key.clone(), secret: secret.clone(), token },
            region: region.map_or_else(|| DEFAULT_REGION.to_owned(), |(_, region)| region),
            endpoint,
            authorities: read("AWS_CA_BUNDLE").map(PathBuf::from),
        })
    }
}

/// The value is not repeated, because it may contain a password.
fn parse_endpoint(name: &str, value: &str) -> Result<Url, BucketError> {
    let url = Url::parse(value).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| invalid(name, "is not an address, such as http://127.0.0.1:9000"))?;
    if url.password().is_some() || !url.username().is_empty() {
        return Err(invalid(
            name,
            "contains a user name or a password: use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ));
    }
    Ok(url)
}

fn invalid(variable: &str, reason: &str) -> BucketError {
    BucketError::new(BucketErrorKind::InvalidSettings, format!("the environment variable {variable} {reason}"))
}

fn no_credentials(has_key: bool, has_secret: bool, has_profile: bool) -> BucketError {
    let missing = match (has_key, has_secret) {
        (true, _) => "AWS_SECRET_ACCESS_KEY is not set",
        (false, true) => "AWS_ACCESS_KEY_ID is not set",
        (false, false) => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
    };
    let profile = if has_profile { " AWS_PROFILE is not read." } else { "" };
    BucketError::new(
        BucketErrorKind::NoCredentials,
        format!(
            "no credentials for S3: {missing}.{profile} For a profile or the role of an instance, run \
             eval \"$(aws configure export-credentials --format env)\""
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "geheim/+x")];

    fn access(variables: &[(&str, &str)]) -> Result<BucketAccess, BucketError> {
        let all: Vec<_> = variables.iter().chain(&KEYS).collect();
        BucketAccess::from_variables(|name| Some(all.iter().find(|(known, _)| *known == name)?.1.to_owned()))
    }

    #[test]
    fn the_specific_variable_counts() {
        let both = [("AWS_ENDPOINT_URL", "http://general"), ("AWS_ENDPOINT_URL_S3", "http://specific:1/s3")];
        assert_eq!(access(&both).unwrap().endpoint.unwrap().as_str(), "http://specific:1/s3");
        assert_eq!(access(&both[..1]).unwrap().endpoint.unwrap().as_str(), "http://general/");
        assert_eq!(access(&[("AWS_ENDPOINT_URL", "  ")]).unwrap().endpoint, None);
        let both = [("AWS_DEFAULT_REGION", "eu-north-1"), ("AWS_REGION", "eu-central-1")];
        assert_eq!(access(&both).unwrap().region, "eu-central-1");
        assert_eq!(access(&both[..1]).unwrap().region, "eu-north-1");
        assert_eq!(access(&[]).unwrap().region, "us-east-1");
        assert_eq!(access(&[("AWS_SESSION_TOKEN", " t ")]).unwrap().secrets.token.as_deref(), Some("t"));
    }

    #[test]
    fn wrong_variables_are_named_and_not_repeated() {
        for (name, value) in [
            ("AWS_ENDPOINT_URL", "geheim:9000"),
            ("AWS_ENDPOINT_URL_S3", "ftp://geheim"),
            ("AWS_ENDPOINT_URL_S3", "http://geheim@host"),
            ("AWS_ENDPOINT_URL_S3", "http://user:geheim@host"),
            ("AWS_REGION", "geheim/x"),
            ("AWS_SECRET_ACCESS_KEY", "geheim x"),
            ("AWS_SESSION_TOKEN", "geheim\nx"),
        ] {
            let error = access(&[(name, value)]).unwrap_err();
            assert_eq!(error.kind(), BucketErrorKind::InvalidSettings);
            assert!(error.to_string().contains(name) && !error.to_string().contains("geheim"), "{error}");
        }
    }

    #[test]
    fn missing_credentials_are_explained() {
        let error = |variables: &[&str]| {
            let value = |name: &str| variables.contains(&name).then(|| "value".to_owned());
            BucketAccess::from_variables(value).unwrap_err().to_string()
        };
        assert!(error(&[]).contains("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"));
        assert!(error(&["AWS_ACCESS_KEY_ID"]).contains("AWS_SECRET_ACCESS_KEY is not set"));
        assert!(error(&["AWS_SECRET_ACCESS_KEY"]).contains("AWS_ACCESS_KEY_ID is not set"));
        assert!(error(&["AWS_PROFILE"]).contains("AWS_PROFILE is not read"));
        assert!(error(&[]).contains("export-credentials") && !error(&[]).contains("AWS_PROFILE"));
    }

    #[test]
    fn debug_shows_no_credentials() {
        let text = format!("{:?}", access(&[("AWS_SESSION_TOKEN", "token-1")]).unwrap());
        assert!(!text.contains("geheim") && !text.contains("AKIA") && !text.contains("token-1"), "{text}");
    }
}
