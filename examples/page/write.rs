//! The attributes that are the campaign's, and what else a form must have.

use std::{collections::BTreeSet, fmt::Write as _};

use campaign_core::{
    Campaign,
    form::{Choices, Field, Form, Kind},
};

use super::html::{Tag, tags};

/// The campaign's part of a page is between these.
const BEGIN: &str = "<!-- form";
const END: &str = "<!-- /form -->";
/// What only the campaign says of an input: a page that says more would refuse what the server takes.
const GOVERNED: &[&str] = &[
    "aria-hidden",
    "disabled",
    "max",
    "maxlength",
    "min",
    "minlength",
    "multiple",
    "name",
    "pattern",
    "readonly",
    "required",
    "step",
    "tabindex",
    "type",
    "value",
];

/// The page with the campaign's attributes. What is right already is not touched.
///
/// # Errors
/// The text names the input or field and what is wrong with it.
pub(crate) fn write(page: &str, campaign: &Campaign) -> Result<String, String> {
    let begin = page.find(BEGIN).ok_or_else(|| format!("there is no {BEGIN} … -->"))?;
    let end = page[begin..].find(END).map(|at| begin + at).ok_or_else(|| format!("there is no {END} after it"))?;
    let region = &page[begin..end];
    let tags = tags(region);
    complete(&tags, campaign.form())?;

    let mut out = page[..begin].to_owned();
    let mut copied = 0;
    for tag in &tags {
        let attributes = match tag.name {
            "form" => of_form(tag, campaign),
            "input" | "select" | "textarea" => of_control(tag, campaign.form())?,
            _ => continue,
        };
        out.push_str(&region[copied..tag.at.start]);
        let _ = write!(out, "<{} {attributes}>", tag.name);
        copied = tag.at.end;
    }
    out.push_str(&region[copied..]);
    out.push_str(&page[end..]);
    Ok(out)
}

/// The campaign's id and unique field, which the script needs; all else is the page's.
fn of_form(tag: &Tag<'_>, campaign: &Campaign) -> String {
    let mut text = String::new();
    for (name, value) in &tag.attributes {
        if !["data-campaign", "data-unique"].contains(name) {
            push(&mut text, name, *value);
        }
    }
    push(&mut text, "data-campaign", Some(campaign.id()));
    push(&mut text, "data-unique", Some(campaign.form().unique().map_or("", Field::name)));
    text
}

fn of_control(tag: &Tag<'_>, form: &Form) -> Result<String, String> {
    let name = tag.value("name").ok_or_else(|| format!("a <{}> has no name", tag.name))?;
    let field = form.field(name).ok_or_else(|| format!("the campaign has no field for <{} name={name}>", tag.name))?;
    let expected = match field.kind() {
        Kind::Text { multiline: true, .. } => &["textarea"][..],
        // A few choices may be shown at once: as radio buttons, of which each has the field's attributes.
        Kind::Choice { .. } => &["select", "input"],
        Kind::Country => &["select"],
        _ => &["input"],
    };
    if !expected.contains(&tag.name) {
        return Err(format!("field {name} needs <{}>, not <{}>", expected[0], tag.name));
    }
    let radio = matches!(field.kind(), Kind::Choice { .. }) && tag.name == "input";
    let emitted = form.html(name).ok_or_else(|| format!("field {name} has no attributes"))?;
    let mut text = emitted.to_string();
    for (own, value) in &tag.attributes {
        let of_radio = radio && ["type", "value"].contains(own);
        let ours = emitted.iter().any(|(name, _)| name == *own) || GOVERNED.contains(own);
        if of_radio || !ours {
            push(&mut text, own, *value);
        }
    }
    Ok(text)
}

fn push(text: &mut String, name: &str, value: Option<&str>) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(name);
    if let Some(value) = value {
        // As it was written: only what stood in double quotes needs them again, and nothing needs escaping.
        let quote = if value.contains('"') { '\'' } else { '"' };
        let _ = write!(text, "={quote}{value}{quote}");
    }
}

/// Every field has its input, every choice its option, and every visible input a place for its error.
fn complete(tags: &[Tag<'_>], form: &Form) -> Result<(), String> {
    for field in form.fields() {
        let name = field.name();
        let mut own = tags.iter().filter(|tag| tag.value("name") == Some(name));
        let Some(control) = own.next() else {
            let attributes = form.html(name).map(|attributes| attributes.to_string()).unwrap_or_default();
            return Err(format!("field {name} has no input; give it one with: {attributes}"));
        };
        if let Kind::Choice { options } = field.kind() {
            choices(tags, control, options)?;
        }
        let seen = !matches!(field.kind(), Kind::Hidden { .. } | Kind::Honeypot);
        let error = format!("error-{name}");
        if seen && !tags.iter().any(|tag| tag.value("id") == Some(&error)) {
            return Err(format!("field {name} has no element with the id {error} for its errors"));
        }
        let describes = |tag: &Tag<'_>| {
            tag.value("aria-describedby").is_some_and(|ids| ids.split_ascii_whitespace().any(|id| id == error))
        };
        if seen && !tags.iter().any(describes) {
            return Err(format!("nothing says aria-describedby={error}"));
        }
    }
    Ok(())
}

/// The values a person can choose are exactly those of the campaign.
fn choices(tags: &[Tag<'_>], control: &Tag<'_>, options: &Choices) -> Result<(), String> {
    let name = control.value("name").unwrap_or_default();
    let given: BTreeSet<&str> = if control.name == "select" {
        let after = tags.iter().skip_while(|tag| tag.at.start <= control.at.start);
        let own = after.take_while(|tag| ["option", "optgroup"].contains(&tag.name));
        own.filter_map(|tag| tag.value("value")).filter(|value| !value.is_empty()).collect()
    } else {
        tags.iter().filter(|tag| tag.value("name") == Some(name)).filter_map(|tag| tag.value("value")).collect()
    };
    let expected: BTreeSet<&str> = options.iter().collect();
    if given == expected {
        return Ok(());
    }
    let list = |set: BTreeSet<&str>| set.into_iter().collect::<Vec<_>>().join(", ");
    Err(format!("field {name} offers {}, the campaign takes {}", list(given), list(expected)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../site/index.html");
    const CAMPAIGN: &str = include_str!("../double11.toml");

    fn campaign(change: (&str, &str)) -> Campaign {
        assert!(CAMPAIGN.contains(change.0));
        Campaign::from_toml(&CAMPAIGN.replacen(change.0, change.1, 1)).unwrap()
    }

    fn error(page: &str, change: (&str, &str)) -> String {
        write(page, &campaign(change)).unwrap_err()
    }

    #[test]
    fn the_inputs_of_the_example_page_carry_what_the_campaign_emits() {
        let campaign = Campaign::from_toml(CAMPAIGN).unwrap();
        assert_eq!(write(PAGE, &campaign).unwrap(), PAGE, "run: cargo run --bin page");
        for field in campaign.form().fields() {
            let attributes = campaign.form().html(field.name()).unwrap().to_string();
            let (input, select, area) =
                (format!("<input {attributes}"), format!("<select {attributes}"), format!("<textarea {attributes}"));
            assert!(PAGE.contains(&input) || PAGE.contains(&select) || PAGE.contains(&area), "{attributes}");
        }
    }

    #[test]
    fn the_script_of_the_example_page_has_at_most_6000_bytes() {
        assert!(include_bytes!("../site/assets/campaign.js").len() <= 6000);
    }

    #[test]
    fn every_country_of_the_example_page_is_taken_by_the_campaign_and_none_is_missing() {
        let select = PAGE.split_once("<select name=\"country\"").unwrap().1.split_once("</select>").unwrap().0;
        let codes: BTreeSet<&str> = tags(select)
            .iter()
            .filter(|tag| tag.name == "option")
            .filter_map(|tag| tag.value("value"))
            .filter(|code| !code.is_empty())
            .collect();
        assert_eq!(codes.len(), 249);
        let form = Form::new(vec![Field::new("country", Kind::Country)]).unwrap();
        for code in codes {
            let body = format!("{{\"country\":\"{code}\"}}");
            assert!(form.check(&campaign_core::body::Body::read(body.as_bytes()).unwrap()).is_ok(), "{code}");
        }
    }

    #[test]
    fn a_changed_rule_is_written_and_what_is_the_page_s_own_stays() {
        let changed = write(PAGE, &campaign(("max = 80", "max = 20"))).unwrap();
        let was = r#"<input name="name" type="text" maxlength="320" required id="name""#;
        let is = r#"<input name="name" type="text" maxlength="80" required id="name""#;
        assert_eq!(changed, PAGE.replace(was, is));
        assert_ne!(changed, PAGE);
    }

    #[test]
    fn what_the_page_adds_to_the_rules_is_taken_away() {
        let strict = PAGE.replace("id=\"name\"", "minlength=\"5\" id=\"name\"");
        assert_ne!(strict, PAGE);
        assert_eq!(write(&strict, &campaign(("", ""))).unwrap(), PAGE);
    }

    #[test]
    fn a_field_without_input_and_an_input_without_field_are_named() {
        let none = ("", "");
        assert_eq!(error("<form></form>", none), "there is no <!-- form … -->");
        let added = ("[[fields]]", "[[fields]]\nname = \"shoe\"\nkind = \"text\"\nmax = 9\n[[fields]]");
        assert_eq!(
            error(PAGE, added),
            "field shoe has no input; give it one with: name=\"shoe\" type=\"text\" maxlength=\"36\" required"
        );
        let extra = PAGE.replace("<input name=\"utm_source\"", "<input name=\"shoe\"><input name=\"utm_source\"");
        assert_eq!(error(&extra, none), "the campaign has no field for <input name=shoe>");
        assert_eq!(
            error(&PAGE.replace("id=\"error-name\"", ""), none),
            "field name has no element with the id error-name for its errors"
        );
        let sizes = ("\"XL\"]", "\"XL\", \"XXL\"]");
        assert_eq!(error(PAGE, sizes), "field size offers L, M, S, XL, the campaign takes L, M, S, XL, XXL");
    }
}
