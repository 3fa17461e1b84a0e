/// Cells as a line of CSV, without its end (RFC 4180): those with commas, quotes or line ends stand in quotes.
pub(super) fn line<C: AsRef<str>>(cells: impl IntoIterator<Item = C>) -> String {
    let cells = cells.into_iter().map(|cell| quoted(cell.as_ref()));
    cells.collect::<Vec<_>>().join(",")
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_could_be_taken_for_more_are_quoted() {
        assert_eq!(line(["a", "", "b c"]), "a,,b c");
        assert_eq!(line(["User::\"alice\"", "a,b", "a\r\nb"]), "\"User::\"\"alice\"\"\",\"a,b\",\"a\r\nb\"");
    }
}
