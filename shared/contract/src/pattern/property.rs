//! Names of properties of characters: `\p{Letter}`. The engine takes more of them, and more loosely.

use super::Refused;

/// The values of `General_Category` with their aliases (ECMA-262, "Value Aliases and Canonical Values for the Unicode Property
/// General_Category").
pub(super) const CATEGORIES: &str = "Cased_Letter LC Close_Punctuation Pe Connector_Punctuation Pc Control Cc cntrl Currency_Symbol Sc \
    Dash_Punctuation Pd Decimal_Number Nd digit Enclosing_Mark Me Final_Punctuation Pf Format Cf Initial_Punctuation Pi \
    Letter L Letter_Number Nl Line_Separator Zl Lowercase_Letter Ll Mark M Combining_Mark Math_Symbol Sm Modifier_Letter Lm \
    Modifier_Symbol Sk Nonspacing_Mark Mn Number N Open_Punctuation Ps Other C Other_Letter Lo Other_Number No \
    Other_Punctuation Po Other_Symbol So Paragraph_Separator Zp Private_Use Co Punctuation P punct Separator Z \
    Space_Separator Zs Spacing_Mark Mc Surrogate Cs Symbol S Titlecase_Letter Lt Unassigned Cn Uppercase_Letter Lu";

/// The properties that are or are not a character's, with their aliases (ECMA-262, "Binary Unicode property aliases and their
/// canonical property names").
pub(super) const BINARY: &str = "ASCII ASCII_Hex_Digit AHex Alphabetic Alpha Any Assigned Bidi_Control Bidi_C Bidi_Mirrored Bidi_M \
    Case_Ignorable CI Cased Changes_When_Casefolded CWCF Changes_When_Casemapped CWCM Changes_When_Lowercased CWL \
    Changes_When_NFKC_Casefolded CWKCF Changes_When_Titlecased CWT Changes_When_Uppercased CWU Dash \
    Default_Ignorable_Code_Point DI Deprecated Dep Diacritic Dia Emoji Emoji_Component EComp Emoji_Modifier EMod \
    Emoji_Modifier_Base EBase Emoji_Presentation EPres Extended_Pictographic ExtPict Extender Ext Grapheme_Base Gr_Base \
    Grapheme_Extend Gr_Ext Hex_Digit Hex IDS_Binary_Operator IDSB IDS_Trinary_Operator IDST ID_Continue IDC ID_Start IDS \
    Ideographic Ideo Join_Control Join_C Logical_Order_Exception LOE Lowercase Lower Math Noncharacter_Code_Point NChar \
    Pattern_Syntax Pat_Syn Pattern_White_Space Pat_WS Quotation_Mark QMark Radical Regional_Indicator RI Sentence_Terminal \
    STerm Soft_Dotted SD Terminal_Punctuation Term Unified_Ideograph UIdeo Uppercase Upper Variation_Selector VS White_Space \
    space XID_Continue XIDC XID_Start XIDS";

/// The category of halves of surrogate pairs, with its alias.
pub(super) const SURROGATES: [&str; 2] = ["Surrogate", "Cs"];
/// Those of ECMA-262 that the engine lacks, with their aliases.
pub(super) const LACKING: [&str; 2] = ["Changes_When_NFKC_Casefolded", "CWKCF"];

/// Holds what stands between the braces of `\p{…}` to ECMA-262's names; which scripts there are is the engine's to know.
pub(super) fn check(name: &str) -> Result<(), Refused> {
    let category =
        name.strip_prefix("General_Category=").or_else(|| name.strip_prefix("gc=")).unwrap_or(name);
    if SURROGATES.contains(&category) {
        return Err(Refused::surrogates());
    }
    if LACKING.contains(&name) {
        return Err(Refused::lacking(name));
    }
    let is_known = match name.split_once('=') {
        Some(("General_Category" | "gc", value)) => is_listed(CATEGORIES, value),
        Some(("Script" | "sc" | "Script_Extensions" | "scx", value)) => is_script(value),
        Some(_) => false,
        None => is_listed(CATEGORIES, name) || is_listed(BINARY, name),
    };
    let hint = r"write `\p{Letter}`, `\p{Alphabetic}` or `\p{Script=Greek}`, with the capitals of the Unicode Standard";
    if is_known { Ok(()) } else { Err(Refused::foreign("a property of characters", hint)) }
}

fn is_listed(all: &str, name: &str) -> bool {
    all.split_ascii_whitespace().any(|known| known == name)
}

/// Whether it is spelled as the Unicode Standard spells scripts: `Old_Italic`, `SignWriting`, `Grek`.
fn is_script(value: &str) -> bool {
    let is_word = |word: &str| {
        let mut before = false;
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().all(|c| {
                let is_capital = c.is_ascii_uppercase();
                let fits = c.is_ascii_alphabetic() && !(is_capital && before);
                before = is_capital;
                fits
            })
    };
    value.split('_').all(is_word)
}
