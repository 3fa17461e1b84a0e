//! `[cors]`.

use expect_test::expect;

use crate::shop::check;

#[test]
fn origins_are_written_as_browsers_send_them() {
    let with = |keys: &str| format!("[cors]\n{keys}\n\n[[plans]]");
    check(
        "[[plans]]",
        &with("origins = [\"https://Shop.example/\", \"https://a.example:443\", \"null\"]"),
        expect![[r#"
            doorward.toml:50:12: `https://Shop.example/` is no origin as browsers send it
              hint: write scheme, host and where it is not the default port: `https://shop.example`
            doorward.toml:50:37: `https://a.example:443` is no origin as browsers send it
              hint: write scheme, host and where it is not the default port: `https://shop.example`
            doorward.toml:50:62: `null` is no origin as browsers send it
              hint: write scheme, host and where it is not the default port: `https://shop.example`"#]],
    );
    check(
        "[[plans]]",
        &with("origins = [\"*\", \"https://a.example\"]"),
        expect![[r#"
        doorward.toml:50:11: `*` is every origin, and others stand beside it
          hint: keep it alone"#]],
    );
    check(
        "[[plans]]",
        &with("origins = [\"*\"]\ncredentials = true"),
        expect![[r#"
        doorward.toml:50:11: browsers would send cookies for pages of any origin
          hint: list the origins, or leave `credentials` out"#]],
    );
    check(
        "[[plans]]",
        &with(
            "origins = [\"https://a.example\"]\ncredentials = true\nheaders = [\"*\"]\nexpose = [\"x-a\", \"*\"]",
        ),
        expect![[r#"
            doorward.toml:52:11: with `credentials`, browsers take `*` for a field of that name, and for no other
              hint: list the fields
            doorward.toml:53:10: with `credentials`, browsers take `*` for a field of that name, and for no other
              hint: list the fields"#]],
    );
    check(
        "[[plans]]",
        &with("max_age = \"2d\""),
        expect![[r#"
        doorward.toml:49:1: missing key `origins` in `[cors]`
        doorward.toml:50:11: `2d` is not between `0s` and `1d`"#]],
    );
}
