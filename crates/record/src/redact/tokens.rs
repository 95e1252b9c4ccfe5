//! Published formats of tokens.
//!
//! The prefixes, alphabets and lengths are from the default rules of gitleaks
//! (<https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml>), of the plugins of detect-secrets
//! (<https://github.com/Yelp/detect-secrets/tree/master/detect_secrets/plugins>), and of GitHub's list of patterns
//! (<https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns>). If a
//! vendor documents only the prefix, the length is a lower bound. Groups below name other sources.

use std::ops::Range;

use super::shape::{
    has_digit, has_digit_and_letter, is_any, is_basic_credentials, is_random, is_upper_with_digit, is_web_token,
};

/// A token format: a prefix and the form of the rest.
struct Format {
    prefix: &'static str,
    kind: &'static str,
    min_bytes: usize,
    max_bytes: usize,
    /// Allowed characters other than ASCII letters and digits.
    marks: &'static str,
    has_form: fn(&str) -> bool,
}

/// Maximum length of a token.
const MAX_BYTES: usize = 4096;

/// Lists the prefixes of a format, its kind, the limits on the length of the rest, its marks, and its form.
macro_rules! formats {
    ($($($prefix:literal)|+ => $kind:literal, $min:literal..=$max:expr, $marks:literal, $has_form:path;)*) => {
        &[$($(Format {
            prefix: $prefix,
            kind: $kind,
            min_bytes: $min,
            max_bytes: $max,
            marks: $marks,
            has_form: $has_form,
        },)+)*]
    };
}

const FORMATS: &[Format] = formats! {
    // AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    "AKIA" | "ASIA" | "ABIA" | "ACCA" => "an AWS access key", 16..=16, "", is_upper_with_digit;
    // GitHub: https://github.blog/engineering/behind-githubs-new-authentication-token-formats
    "ghp_" | "gho_" | "ghu_" | "ghs_" | "ghr_" => "a GitHub token", 36..=MAX_BYTES, "", is_any;
    "github_pat_" => "a GitHub token", 36..=MAX_BYTES, "_", is_any;
    // GitLab: https://docs.gitlab.com/security/tokens/#token-prefixes
    "glpat-" => "a GitLab token", 20..=MAX_BYTES, "-_.", has_digit;
    "gldt-" => "a GitLab token", 20..=MAX_BYTES, "-_", has_digit;
    "glrt-" => "a GitLab token", 20..=MAX_BYTES, "-_.", has_digit;
    "glptt-" | "glcbt-" | "gloas-" | "glsoat-" | "glft-" | "glagent-"
        => "a GitLab token", 20..=MAX_BYTES, "-_", has_digit;
    // Google: https://docs.cloud.google.com/docs/authentication/token-types
    "AIza" => "a Google API key", 35..=35, "-_", is_any;
    "ya29." => "a Google token", 20..=MAX_BYTES, "-_.", has_digit_and_letter;
    "GOCSPX-" => "a Google client secret", 20..=MAX_BYTES, "-_", is_any;
    // Models: OpenAI, Anthropic, Groq, Hugging Face, Perplexity, Replicate, xAI.
    "sk-" => "an API key", 20..=MAX_BYTES, "-_", is_random;
    "gsk_" => "a Groq API key", 20..=MAX_BYTES, "", has_digit_and_letter;
    "hf_" | "api_org_" => "a Hugging Face token", 34..=34, "", is_any;
    "pplx-" => "a Perplexity API key", 32..=MAX_BYTES, "", has_digit_and_letter;
    "r8_" => "a Replicate token", 37..=40, "", has_digit_and_letter;
    "xai-" => "an xAI API key", 40..=MAX_BYTES, "", has_digit_and_letter;
    "nvapi-" => "an NVIDIA API key", 40..=MAX_BYTES, "-_", has_digit_and_letter;
    // Payment: Stripe, Square, Shopify, PayPal's Braintree.
    "sk_live_" | "sk_test_" | "sk_prod_" | "rk_live_" | "rk_test_" | "rk_prod_"
        => "a Stripe key", 10..=MAX_BYTES, "", is_any;
    "whsec_" => "a webhook secret", 20..=MAX_BYTES, "+/=", has_digit_and_letter;
    "sq0atp-" => "a Square token", 22..=60, "-_", is_any;
    "sq0csp-" => "a Square secret", 22..=60, "-_", is_any;
    "shpat_" | "shpca_" | "shppa_" => "a Shopify token", 32..=32, "", has_digit;
    "shpss_" => "a Shopify secret", 32..=32, "", has_digit;
    "access_token$production$" => "a Braintree token", 32..=MAX_BYTES, "$", has_digit;
    // Messages: Slack (https://docs.slack.dev/authentication/tokens), SendGrid, Telegram, Brevo, Twilio.
    "xoxa-" | "xoxb-" | "xoxp-" | "xoxr-" | "xoxs-" | "xoxo-" | "xoxc-"
        => "a Slack token", 10..=MAX_BYTES, "-", has_digit;
    "xoxd-" => "a Slack token", 10..=MAX_BYTES, "-%+/=", has_digit;
    "xoxe-" | "xoxe." | "xapp-" => "a Slack token", 10..=MAX_BYTES, "-", has_digit;
    "hooks.slack.com/services/" | "hooks.slack.com/workflows/" | "hooks.slack.com/triggers/"
        => "a Slack webhook", 12..=MAX_BYTES, "/", has_digit;
    "discord.com/api/webhooks/" | "discordapp.com/api/webhooks/"
        => "a Discord webhook", 40..=MAX_BYTES, "/-_", has_digit;
    "webhook.office.com/webhookb2/" => "a Teams webhook", 40..=MAX_BYTES, "/-@", has_digit;
    "api.telegram.org/bot" => "a Telegram token", 35..=MAX_BYTES, ":-_", has_digit;
    "SK" => "a Twilio key", 32..=32, "", is_hexadecimal;
    "SG." => "a SendGrid key", 66..=66, "-_.", has_digit;
    "xkeysib-" => "a Brevo key", 64..=MAX_BYTES, "-", has_digit;
    // Packages: npm, PyPI (https://warehouse.pypa.io), RubyGems, crates.io, NuGet, Clojars, Docker, Artifactory.
    "npm_" => "an npm token", 36..=36, "", is_any;
    "pypi-AgE" => "a PyPI token", 16..=MAX_BYTES, "-_", is_any;
    "pypi-" => "a PyPI token", 40..=MAX_BYTES, "-_", is_random;
    "rubygems_" => "a RubyGems key", 48..=48, "", has_digit;
    "cio" => "a crates.io token", 32..=32, "", is_random;
    "oy2" => "a NuGet key", 43..=43, "", has_digit;
    "CLOJARS_" => "a Clojars token", 60..=60, "", has_digit;
    "dckr_pat_" | "dckr_oat_" => "a Docker token", 27..=36, "-_", is_any;
    "AKCp" => "an Artifactory key", 69..=69, "", is_any;
    "cmVmd" => "an Artifactory token", 59..=59, "", is_any;
    // Infrastructure: HashiCorp, DigitalOcean, Databricks, Doppler, Fly.io, Pulumi, Linode, Heroku, Cloudflare, Azure,
    // Alibaba, OpenShift, Tailscale.
    "hvs." | "hvb." | "hvr." => "a Vault token", 20..=MAX_BYTES, "-_", has_digit_and_letter;
    "dop_v1_" | "doo_v1_" | "dor_v1_" => "a DigitalOcean token", 64..=64, "", is_any;
    "dapi" | "dkea" => "a Databricks token", 32..=34, "-", is_hexadecimal;
    "dp.pt." => "a Doppler token", 40..=44, "", is_any;
    "dp.st." => "a Doppler token", 40..=MAX_BYTES, "._-", is_any;
    "fo1_" => "a Fly.io token", 43..=43, "-_", is_any;
    "fm2_" => "a Fly.io token", 100..=MAX_BYTES, "+/=", is_any;
    "FlyV1" => "a Fly.io token", 100..=MAX_BYTES, " +/=_,", is_any;
    "pul-" => "a Pulumi token", 40..=40, "", is_hexadecimal;
    "HRKU-" => "a Heroku key", 36..=MAX_BYTES, "-_", has_digit;
    "LTAI" => "an Alibaba access key", 20..=24, "", is_random;
    "sha256~" => "an OpenShift token", 43..=43, "-_", is_any;
    ".atlasv1." => "a Terraform token", 60..=70, "-_=", has_digit;
    "v1.0-" => "a Cloudflare key", 171..=171, "-", is_hexadecimal;
    "tskey-" => "a Tailscale key", 20..=MAX_BYTES, "-", has_digit;
    "A3-" => "a 1Password key", 32..=38, "-", is_upper_with_digit;
    "ops_eyJ" => "a 1Password token", 250..=MAX_BYTES, "+/=", is_any;
    "AGE-SECRET-KEY-1" => "an age key", 58..=58, "", is_any;
    // Services: Grafana, New Relic, Sentry, Postman, Linear, Notion, Airtable, Atlassian, Asana, Prefect, ReadMe,
    // Typeform, PlanetScale, Supabase, Weights & Biases, Dynatrace, Mapbox, Figma, Sourcegraph.
    "glc_" => "a Grafana token", 32..=MAX_BYTES, "+/=", is_random;
    "glsa_" => "a Grafana token", 32..=MAX_BYTES, "_", has_digit;
    "NRAK-" => "a New Relic key", 27..=27, "", is_any;
    "NRJS-" => "a New Relic key", 19..=19, "", is_any;
    "NRII-" => "a New Relic key", 32..=32, "-", is_any;
    "sntrys_" => "a Sentry token", 40..=MAX_BYTES, "+/=_", is_any;
    "sntryu_" => "a Sentry token", 64..=64, "", is_any;
    "PMAK-" => "a Postman key", 59..=59, "-", is_any;
    "lin_api_" => "a Linear key", 40..=40, "", is_any;
    "ntn_" => "a Notion token", 40..=50, "", has_digit;
    "secret_" => "a Notion token", 43..=43, "", has_digit_and_letter;
    "pat" => "an Airtable token", 79..=79, ".", is_airtable;
    "ATATT3" | "ATCTT3" => "an Atlassian token", 100..=MAX_BYTES, "-_=", is_any;
    "ATBB" => "a Bitbucket token", 32..=32, "", is_random;
    "pnu_" => "a Prefect key", 36..=36, "", is_any;
    "rdme_" => "a ReadMe key", 70..=70, "", is_any;
    "tfp_" => "a Typeform token", 40..=MAX_BYTES, "-_.=", has_digit;
    "pscale_tkn_" => "a PlanetScale token", 32..=64, "-_.=", is_any;
    "pscale_pw_" => "a PlanetScale password", 32..=64, "-_.=", is_any;
    "pscale_oauth_" => "a PlanetScale token", 32..=64, "-_.=", is_any;
    "sbp_" => "a Supabase token", 40..=40, "", is_hexadecimal;
    "dt0c01." => "a Dynatrace token", 80..=MAX_BYTES, ".", is_any;
    "figd_" => "a Figma token", 40..=MAX_BYTES, "-_", is_any;
    "sgp_" => "a Sourcegraph token", 40..=MAX_BYTES, "_", has_digit;
    "shippo_live_" => "a Shippo token", 40..=40, "", is_any;
    "duffel_live_" => "a Duffel token", 43..=43, "-_=", is_any;
    "EZAK" => "an EasyPost key", 54..=54, "", is_any;
    "p8e-" => "an Adobe secret", 32..=32, "", has_digit;
    // RFC 7519 and RFC 6750.
    "eyJ" => "a JSON web token", 20..=MAX_BYTES, "-_.=", is_web_token;
    "Bearer " | "bearer " | "BEARER " => "a bearer token", 16..=MAX_BYTES, "-_.~+/=", is_random;
    // RFC 7617.
    "Basic " | "basic " => "a user and a password in base64", 8..=MAX_BYTES, "+/=-_", is_basic_credentials;
};

fn is_hexadecimal(text: &str) -> bool {
    has_digit(text) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Returns true for the id and the secret of a token: `patAbC….4b825d…`.
fn is_airtable(text: &str) -> bool {
    let parts = text.split_once('.');
    parts.is_some_and(|(id, secret)| id.len() == 14 && !secret.contains('-') && is_hexadecimal(secret))
}

/// Returns the range and the kind of the token that begins here.
pub(super) fn token_at(text: &str, at: usize) -> Option<(Range<usize>, &'static str)> {
    let rest = &text.as_bytes()[at..];
    let [first, second, ..] = *rest else { return None };
    if SECOND_BYTES[usize::from(first)] >> (second & 31) & 1 == 0 {
        return None;
    }
    let mut next = FIRST_FORMAT[usize::from(first)];
    let formats = std::iter::from_fn(|| {
        let format = FORMATS.get(usize::from(next))?;
        next = NEXT_FORMAT[usize::from(next)];
        Some(format)
    });
    let mut fitting = formats.filter(|format| rest.starts_with(format.prefix.as_bytes()));
    fitting.find_map(|format| {
        let start = at + format.prefix.len();
        let body = &text[start..];
        let end = body
            .bytes()
            .take(MAX_BYTES)
            .position(|byte| !byte.is_ascii_alphanumeric() && !format.marks.as_bytes().contains(&byte));
        let length = end.unwrap_or(body.len().min(MAX_BYTES));
        let body = body.get(..length)?.trim_end_matches(['.', '-', ' ']);
        let fits = (format.min_bytes..=format.max_bytes).contains(&body.len()) && (format.has_form)(body);
        // A scheme is not part of the secret: `Bearer [redacted]`.
        let begin = if format.prefix.ends_with([' ', '/']) { start } else { at };
        fits.then(|| (begin..start + body.len(), format.kind))
    })
}

/// Returns true if a prefix begins with this byte.
pub(super) const fn may_begin_token(byte: u8) -> bool {
    (FORMAT_CHAINS.0[byte as usize] as usize) < FORMATS.len()
}

/// For each byte, the index of the first format whose prefix begins with it. For each format, the index of the next one
/// with the same byte. `u8::MAX` if there is none.
const FORMAT_CHAINS: ([u8; 256], [u8; FORMATS.len()]) = {
    let (mut first, mut next) = ([u8::MAX; 256], [u8::MAX; FORMATS.len()]);
    let mut at = FORMATS.len();
    while at > 0 {
        at -= 1;
        let byte = FORMATS[at].prefix.as_bytes()[0] as usize;
        next[at] = first[byte];
        first[byte] = at as u8;
    }
    (first, next)
};
/// For each first byte of a prefix, a bit for each second byte.
static SECOND_BYTES: [u32; 256] = {
    let mut table = [0; 256];
    let mut format = 0;
    while format < FORMATS.len() {
        let [first, second, ..] = *FORMATS[format].prefix.as_bytes() else { panic!("a prefix has two bytes") };
        table[first as usize] |= 1 << (second & 31);
        format += 1;
    }
    table
};

static FIRST_FORMAT: [u8; 256] = FORMAT_CHAINS.0;
static NEXT_FORMAT: [u8; FORMATS.len()] = FORMAT_CHAINS.1;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A token of each format. They are put together here, so that no scanner takes this file for a leak.
    pub(in crate::redact) fn samples() -> Vec<String> {
        let random =
            "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5kL7nM9pR1sT3vX5zA7cE9gJ1lN3pQ5sU7wY9bD1fH3jL5nP7rT9vX1zB3dF5hJ7lM";
        let hexadecimal = "4b825dc642cb6eb9a060e54bf8d69288fbee49044b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let capitals = "IOSFODNN7EXAMPLEIOSFODNN7EXAMPLE2345ABCDEF";
        let web = "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5";
        let airtable = format!("aB3dE5gH7jK9mN.{}", &hexadecimal[..64]);
        let bodies = [random, hexadecimal, capitals, web, &airtable, "Ym9iOmh1bnRlcjIyMjIyMg=="];
        let sample = |format: &Format| {
            let fits = bodies.iter().flat_map(|body| {
                let body = if body.len() < format.min_bytes { body.repeat(4) } else { (*body).to_owned() };
                let ends = [format.min_bytes.max(24).min(format.max_bytes), body.len().min(format.max_bytes)];
                ends.into_iter().filter_map(move |end| body.get(..end).map(str::to_owned)).collect::<Vec<_>>()
            });
            let text = |body: String| format!("{}{body}", format.prefix);
            let mut fits =
                fits.map(text).filter(|text| token_at(text, 0).is_some_and(|(range, _)| range.end == text.len()));
            fits.next().unwrap_or_else(|| panic!("no sample of {}", format.prefix))
        };
        FORMATS.iter().map(sample).collect()
    }

    #[test]
    fn every_format_has_a_sample() {
        assert_eq!(samples().len(), FORMATS.len());
    }
}
