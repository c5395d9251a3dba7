//! A statement as a page that needs nothing else, reads on a telephone, and prints.

use std::fmt::Write;

use super::Form;
use crate::services::wallet::{AssetName, BalanceLine, EntryLine, Statement};

const STYLE: &str = "
:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;max-width:62rem;margin:0 auto;padding:1rem;color:#1c2024;background:#fff}
h1{font-size:1.4rem;margin:0 0 .25rem}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
p{margin:.2rem 0;color:#59636e;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
th,td{padding:.3rem .5rem;border-bottom:1px solid #d5d9de;text-align:left;vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.text{overflow-wrap:anywhere}
@media (max-width:40rem){
 table.entries thead{display:none}
 table.entries tr{display:grid;grid-template-columns:1fr auto;border-bottom:1px solid #d5d9de;padding:.35rem 0}
 table.entries td{border:0;padding:.05rem .25rem}
 table.entries td.at,table.entries td.text{grid-column:1/-1;color:#59636e;font-size:.87em}
 table.entries td.text:empty{display:none}
 table.entries td.balance{grid-column:1/-1}table.entries td.balance::before{content:'balance '}
}
@media (prefers-color-scheme:dark){body{color:#e6e8ea;background:#16181b}p{color:#a3abb4}
 th,td,table.entries tr{border-color:#3a4047}}
@media print{body{color:#000;background:#fff;max-width:none;padding:0;font-size:10pt}
 thead{display:table-header-group}tr{break-inside:avoid}p{color:#333}}
";

/// The page.
pub(super) struct Page;

impl Form for Page {
    fn begin(&self, statement: &Statement) -> String {
        let Statement { account, month, from, to, currency, .. } = statement;
        let end = if statement.is_over { "" } else { ", so far" };
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>Statement {month}</title><style>{STYLE}</style></head><body>\
             <h1>Statement {month}{end}</h1><p>Account {account}</p>\
             <p>From {from} to {to}; cash in {}</p>",
            escaped(currency)
        );
        push_balances(&mut page, "Opening balance", &statement.opening);
        page.push_str(
            "<h2>Entries</h2><table class=\"entries\"><thead><tr><th>Time</th><th>Kind</th>\
             <th class=\"number\">Amount</th><th class=\"number\">Balance</th><th>Reference</th></tr></thead><tbody>\n",
        );
        page
    }

    fn entries(&self, entries: &[EntryLine]) -> String {
        let mut rows = String::new();
        for entry in entries {
            // A text takes whatever is written to it.
            writeln!(
                rows,
                "<tr><td class=\"at\">{}</td><td>{}</td><td class=\"number\">{}</td>\
                 <td class=\"number balance\">{}</td><td class=\"text\">{}</td></tr>",
                entry.at,
                words(entry.kind.name()),
                with_unit(&entry.amount.to_string(), unit_of(entry)),
                with_unit(&entry.balance.to_string(), unit_of(entry)),
                about(entry),
            )
            .unwrap_or_default();
        }
        rows
    }

    fn end(&self, statement: &Statement) -> String {
        let mut page = "</tbody></table>".to_owned();
        let mut totals = statement.totals().peekable();
        if totals.peek().is_none() {
            page.push_str("<p>Nothing was moved in this month.</p>");
        } else {
            page.push_str("<h2>Totals</h2><table><tbody>");
            for total in totals {
                let amount = with_unit(&total.amount.to_string(), total.symbol.as_deref());
                let kind = words(total.kind.name());
                write!(page, "<tr><td>{kind}</td><td class=\"number\">{amount}</td></tr>")
                    .unwrap_or_default();
            }
            page.push_str("</tbody></table>");
        }
        let title = if statement.is_over { "Closing balance" } else { "Balance now" };
        push_balances(&mut page, title, &statement.closing());
        page.push_str("</body></html>\n");
        page
    }
}

fn push_balances(page: &mut String, title: &str, balances: &[BalanceLine]) {
    write!(page, "<h2>{title}</h2><table><tbody>").unwrap_or_default();
    for BalanceLine { symbol, amount } in balances {
        let what = symbol.as_deref().map_or_else(|| "Cash".to_owned(), escaped);
        write!(page, "<tr><td>{what}</td><td class=\"number\">{amount}</td></tr>").unwrap_or_default();
    }
    page.push_str("</tbody></table>");
}

/// Returns what an entry's amount is of, if it is not cash.
fn unit_of(entry: &EntryLine) -> Option<&str> {
    entry.symbol.as_deref().filter(|_| entry.asset == AssetName::Shares)
}

fn with_unit(amount: &str, symbol: Option<&str>) -> String {
    symbol.map_or_else(|| amount.to_owned(), |symbol| format!("{amount} {}", escaped(symbol)))
}

/// Returns what an entry is about: an instrument, an order, a reference.
fn about(entry: &EntryLine) -> String {
    let symbol = entry.symbol.as_deref().filter(|_| entry.asset == AssetName::Cash).map(escaped);
    let order = entry.order_id.as_deref().map(|order| format!("order {order}"));
    let reference = entry.reference.as_deref().map(escaped);
    let parts: Vec<String> = [symbol, order, reference].into_iter().flatten().collect();
    parts.join(", ")
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// Writes a text so that nothing in it is a tag.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_has_written_is_no_tag() {
        assert_eq!(escaped("<script>'&\""), "&lt;script&gt;&#39;&amp;&quot;");
    }
}
