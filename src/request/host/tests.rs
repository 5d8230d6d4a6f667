use proptest::prelude::*;

use super::*;

#[test]
fn private_hosts() {
    for text in [
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1:8080",
        "127.0.0.1",
        "127.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "0.0.0.0",
        "http://0x7f.1",
        "http://0x7f000001/",
        "http://2130706433",
        "http://0177.0.0.1",
        "http://127.1",
        "http://0xA.0x0.0x0.0x1",
        "127.0.0.1.",
        "http://127。0。0。1/",
        "http://１２７.0.0.1",
        "::1",
        "[::1]",
        "[::1]:22",
        "::",
        "fe80::1",
        "febf::1",
        "fc00::1",
        "fd12:3456::1",
        "http://[FD00::1]:80/x",
        "::ffff:10.0.0.1",
        "[::ffff:7f00:1]",
        "http://[::ffff:192.168.0.1]/",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "LocalHost:3000",
        "http://localhost:3000/a?b#c",
        "http://%6cocalhost/",
        "http://user:pass@localhost/",
        "api.localhost",
        "gpu-box",
        "db:5432",
        "postgres://me:secret@db:5432/x",
        "ssh://git@build.internal",
        "printer.LOCAL",
        "printer.local.",
        "nas.lan",
        "x.home.arpa",
        "home.arpa",
        "https://a.b.internal/path",
        "internal",
        "build_host",
        "http://public.example@10.0.0.1/",
        " 10.0.0.1 ",
        "ｌｏｃａｌｈｏｓｔ",
    ] {
        assert_eq!(is_private_host(text), Some(true), "{text}");
    }
}

#[test]
fn public_hosts() {
    for text in [
        "example.org",
        "EXAMPLE.ORG.",
        "https://example.org:8443/x?y=http://10.0.0.1#localhost",
        "ssh://git@example.org",
        "8.8.8.8",
        "172.15.255.255",
        "172.32.0.1",
        "192.169.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "11.0.0.1",
        "128.0.0.1",
        "http://134744072",
        "http://010.0.0.1",
        "2001:db8::1",
        "[2001:4860:4860::8888]:53",
        "fec0::1",
        "64:ff9b::10.0.0.1",
        "::10.0.0.1",
        "::ffff:8.8.8.8",
        "10.0.0.1.nip.io",
        "localhost.example.org",
        "notlocal.org",
        "xlan.org",
        "mylocal.host",
        "evil-internal.com",
        "a.notinternal",
        "http://10.0.0.1@example.org/",
        "http://localhost:80@example.org/",
        "http://example.org#@10.0.0.1/",
        "http://example.org?@10.0.0.1/",
        "münchen.example",
    ] {
        assert_eq!(is_private_host(text), Some(false), "{text}");
    }
}

/// Also what one program may read as a private host and another as a public one.
#[test]
fn no_hosts() {
    for text in [
        "",
        " ",
        "two words",
        "http://",
        "http:///localhost",
        "http:////localhost/",
        "//localhost",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1\\@example.org/",
        "http:\\\\127.0.0.1\\",
        "http://local\nhost/",
        "http://local\thost/",
        "http://a@b@localhost/",
        "http://[::1",
        "::1]",
        "[fe80::1%25eth0]",
        "fe80::1%eth0",
        "256.256.256.256",
        "10.0.0.1:99999",
        "host:port",
        "git@10.0.0.1:repo",
        "a..b",
        ".local",
        "-x.org",
        "x-.org",
        "$(id).internal",
        "`id`.local",
        "a;b",
        "*.lan",
        "http://{{x}}/",
        "${{ secrets.X }}",
        "…",
    ] {
        assert_eq!(is_private_host(text), None, "{text}");
    }
    let label = "a".repeat(63);
    assert_eq!(is_private_host(&label), Some(true));
    assert_eq!(is_private_host(&format!("{label}a")), None);
    assert_eq!(is_private_host(&format!("{label}.{label}.{label}.{label}.lan")), None);
}

#[test]
fn a_host_stands_alone_and_a_web_address_has_its_scheme() {
    for (text, host, web) in [
        ("example.org", true, false),
        ("example.org:22", true, false),
        ("ssh://example.org:22", true, false),
        ("https://example.org", true, true),
        ("HTTPS://EXAMPLE.ORG/", true, true),
        ("[::1]:22", true, false),
        ("::1", true, false),
        ("https://example.org/x", false, true),
        ("https://example.org?x", false, true),
        ("https://me@example.org", false, true),
        ("me@example.org", false, false),
        ("ftp://example.org/x", false, false),
        ("javascript:alert(1)", false, false),
        ("javascript://example.org/%0aalert(1)", false, false),
        ("https:example.org", false, false),
        ("https://", false, false),
        ("https://a b/", false, false),
        ("data:text/html,x", false, false),
    ] {
        assert_eq!((is_host(text), is_web_url(text)), (host, web), "{text}");
    }
}

proptest! {
    #[test]
    fn every_spelling_of_an_address_is_of_one_kind(bits in any::<u32>()) {
        let address = Ipv4Addr::from(bits);
        let private = Some(is_private_v4(address));
        let [a, b, c, d] = address.octets();
        for text in [
            address.to_string(),
            format!("{bits}"),
            format!("0x{bits:X}"),
            format!("0{a:o}.0x{b:x}.{c}.{d}"),
            format!("http://u:p@{address}:1/x"),
            format!("{address}."),
            format!("::ffff:{address}"),
            format!("https://[{}]/", address.to_ipv6_mapped()),
        ] {
            prop_assert_eq!(is_private_host(&text), private, "{}", text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,30}|[a-z0-9.:/\\[\\]@%#?\\\\ -]{0,30}") {
        if is_web_url(&text) || is_host(&text) {
            prop_assert!(is_private_host(&text).is_some(), "{}", text);
        }
    }
}
