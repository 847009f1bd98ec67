//! Certificates that lie beside the configuration: their names, their end, their authority's
//! certificate; and nothing of the keys beside them.

mod support;

use std::fs;

const LOGGED: &str = include_str!("certificates/logged.pem");
const EXPIRED: &str = include_str!("certificates/expired.pem");
const AUTHORITY: &str = include_str!("certificates/mid.crt");

/// Checks an nginx that answers for a name with this certificate.
fn with(name: &str, certificate: &str) -> support::Run {
    let folder = tempfile::tempdir().unwrap();
    let nginx = format!(
        "server {{\n    listen 443 ssl;\n    server_name {name};\n    ssl_certificate \
         /etc/nginx/certs/shop.pem;\n    location / {{\n        proxy_pass \
         http://127.0.0.1:3000;\n    }}\n}}\n"
    );
    fs::write(folder.path().join("nginx.conf"), nginx).unwrap();
    fs::create_dir(folder.path().join("certs")).unwrap();
    fs::write(folder.path().join("certs/shop.pem"), certificate).unwrap();
    let words = ["check", "--lang", "en", "--fail-on", "never"];
    support::finish(support::command(folder.path()).args(words))
}

fn whole() -> String {
    LOGGED.to_owned() + AUTHORITY
}

#[test]
fn a_good_certificate_is_nothing_to_speak_of() {
    for name in ["shop.example", "www.shop.example shop.example", "_"] {
        let run = with(name, &whole());
        assert!(run.out.contains("Nothing was found"), "{}", run.out);
        assert!(run.out.contains("in 2 files of configuration"), "{}", run.out);
    }
}

#[test]
fn an_expired_one_is_found() {
    let run = with("shop.example", EXPIRED);
    assert!(run.out.contains("error[client-tls-failure]"), "{}", run.out);
    assert!(run.out.contains("ended on 2020-04-01"), "{}", run.out);
    assert!(run.out.contains("certs/shop.pem:1"), "{}", run.out);
}

#[test]
fn names_it_does_not_carry_are_found() {
    let run = with("www.other.example", &whole());
    let says = "answers for www.other.example, but its certificate carries shop.example, \
                *.shop.example, 203.0.113.9";
    assert!(run.out.contains(says), "{}", run.out);
    let run = with("a.b.shop.example shop.example", &whole());
    assert!(run.out.contains("warning[client-tls-failure]"), "{}", run.out);
    assert!(run.out.contains("answers for a.b.shop.example, but"), "{}", run.out);
}

#[test]
fn a_public_one_without_its_authoritys_is_found() {
    let run = with("shop.example", LOGGED);
    assert!(run.out.contains("without the intermediate one that signed it"), "{}", run.out);
    let wrong = LOGGED.to_owned() + EXPIRED;
    assert!(with("shop.example", &wrong).out.contains("without the intermediate one"));
}

#[test]
fn what_is_cut_is_told_and_keys_are_not_shown() {
    let run = with("shop.example", &LOGGED[..LOGGED.len() / 2]);
    assert!(run.out.contains("certs/shop.pem:1: this is no certificate"), "{}", run.out);
    let secret = "TUhjQ0FRRUVJTm90QVJlYWxLZXk=";
    let key = format!("-----BEGIN EC PRIVATE KEY-----\n{secret}\n-----END EC PRIVATE KEY-----\n");
    let run = with("other.example", &(key + &whole()));
    assert!(run.out.contains("answers for other.example"), "{}", run.out);
    assert!(!run.said().contains(secret), "{}", run.said());
}
