//! SecurityList: what can be traded, with lots and ticks.

use crate::fix::codec::{Body, Fault, Message, reason, tags, tags::kind};
use crate::fix::orders::Said;
use crate::services::market_data::MarketData;

/// Answers a SecurityListRequest: all listings, or those of a symbol.
///
/// # Errors
/// [`Fault`] if it is none.
pub(in crate::fix) fn security_list(data: &MarketData, message: &Message) -> Result<Said, Fault> {
    let id = message.need(tags::SECURITY_REQ_ID)?;
    let wanted = match message.need(tags::SECURITY_LIST_REQUEST_TYPE)? {
        "0" => Some(message.need(tags::SYMBOL)?),
        "4" => None,
        other => {
            let text = format!("SecurityListRequestType (559) is 0 (a symbol) or 4 (all), not `{other}`");
            return Err(Fault::new(tags::SECURITY_LIST_REQUEST_TYPE, reason::BAD_VALUE, text));
        }
    };
    let all = data.instruments().instruments;
    let found: Vec<_> = all.iter().filter(|it| wanted.is_none_or(|wanted| wanted == it.symbol)).collect();
    let mut body = Body::default();
    body.put(tags::SECURITY_REQ_ID, id)
        .put(tags::SECURITY_RESPONSE_ID, id)
        // 2: nothing was found.
        .put(tags::SECURITY_REQUEST_RESULT, if found.is_empty() { 2 } else { 0 })
        .put(tags::TOT_NO_RELATED_SYM, found.len())
        .put(tags::LAST_FRAGMENT, 'Y')
        .put(tags::NO_RELATED_SYM, found.len());
    for it in found {
        body.put(tags::SYMBOL, &it.symbol)
            .put(tags::SECURITY_EXCHANGE, &it.venue)
            .put(tags::CURRENCY, &it.currency)
            .put(tags::ROUND_LOT, it.lot_size)
            .put(tags::MIN_TRADE_VOL, it.lot_size)
            .put(tags::MIN_PRICE_INCREMENT, it.tick_size);
    }
    Ok((kind::SECURITY_LIST, body))
}
