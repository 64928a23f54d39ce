use super::*;

#[test]
fn only_addresses_of_the_web_become_links() {
    for address in ["https://waypost.example", "http://waypost.example", "HTTPS://waypost.example"] {
        assert!(Link::to(address, "x").is_some(), "{address}");
    }
    for address in ["javascript:alert(1)", "data:text/html,x", "//waypost.example", "", "https:/", "ftp://a", "ÄÄÄÄÄ"]
    {
        assert_eq!(Link::to(address, "x"), None, "{address}");
    }
}

#[test]
fn a_sign_alone_has_no_bubble() {
    let emoji = Bubble::sample(Way::In, vec![Part::Emoji("x".to_owned())]);
    assert!(emoji.is_bare());
    let quote = Quote { label: String::new(), text: String::new(), page: None };
    assert!(!Bubble { quote: Some(quote), ..emoji }.is_bare());
    assert!(!Bubble::text_sample(Way::In, "x").is_bare());
    assert!(!Bubble::sample(Way::In, Vec::new()).is_bare());
    assert!(Bubble::full(Way::Out).has_picture());
}
