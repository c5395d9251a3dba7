//! `/api/openapi.json`: the document that describes the interface, and readable pages of it at `/docs`.

use actix_web::http::{Method, header};
use actix_web::{HttpResponse, web};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, SchemaFormat, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, KnownFormat, OpenApi as Document, PathItem, RefOr, Required};
use utoipa_swagger_ui::SwaggerUi;

use super::answers::ProblemBody;
use super::endpoint::{Access, Endpoint, Entry};

/// What all rooms have in common.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Bearpit",
        description = "A market to trade in: accounts, orders, market data. Money, prices and quantities are \
            decimal texts; numbers of JSON are read as well, by their digits. Unknown fields are refused.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemBody))
)]
struct CommonDoc;

/// The name of the one way in: a token or a key.
const BEARER: &str = "bearer";

/// Returns the document of all rooms; each operation says what its access needs.
pub(super) fn document(rooms: impl IntoIterator<Item = Document>, entries: &[Entry]) -> Document {
    let mut document = CommonDoc::openapi();
    for room in rooms {
        document.merge(room);
    }
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_with(Components::new).add_security_scheme(BEARER, scheme);
    for entry in entries.iter().filter(|entry| entry.access != Access::Public) {
        let item = document.paths.paths.get_mut(entry.path);
        if let Some(operation) = item.and_then(|item| operation_of(item, &entry.method)) {
            let scopes: Vec<&str> = Vec::new();
            operation.security = Some(vec![SecurityRequirement::new(BEARER, scopes)]);
        }
    }
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        operations.into_iter().flatten().for_each(|operation| {
            name_problems(operation);
            name_account(operation);
        });
    }
    document
}

/// What is done in an account, and so in one of a contest if that is named.
const IN_AN_ACCOUNT: [&str; 4] = ["trading", "auctions", "wallet", "strategies"];

/// Says that a request in one's own name can be made in another account of one's own.
fn name_account(operation: &mut Operation) {
    let tags = operation.tags.iter().flatten();
    if operation.security.is_none() || !tags.into_iter().any(|tag| IN_AN_ACCOUNT.contains(&tag.as_str())) {
        return;
    }
    let schema = Object::builder()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .build();
    let parameter = ParameterBuilder::new()
        .name("X-Account")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("An account of one's own in a contest; one's first account if none is named."))
        .schema(Some(schema))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
}

/// Says that problems are written as `application/problem+json`: macros take JSON for granted.
fn name_problems(operation: &mut Operation) {
    let failures = operation.responses.responses.iter_mut();
    for (_, response) in failures.filter(|(status, _)| *status == "default" || status.starts_with(['4', '5']))
    {
        if let RefOr::T(response) = response
            && let Some(content) = response.content.shift_remove("application/json")
        {
            response.content.insert("application/problem+json".to_owned(), content);
        }
    }
}

/// Returns the operation of a method of a path, if it is described.
fn operation_of<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::PATCH => item.patch.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

/// Returns the routes that show a document.
pub(super) fn endpoints(document: &Document) -> Vec<Endpoint> {
    let json = web::Bytes::from(document.to_json().unwrap_or_default());
    let show = move || {
        let json = json.clone();
        async move {
            HttpResponse::Ok()
                .content_type("application/json")
                .insert_header((header::CACHE_CONTROL, "no-cache"))
                .body(json)
        }
    };
    vec![Endpoint::at("/api/openapi.json").get(Access::Public, show)]
}

/// Adds readable pages of a document, which need nothing from elsewhere.
pub(super) fn pages(config: &mut web::ServiceConfig, document: &Document) {
    let pages = SwaggerUi::new("/docs/{_:.*}").url("/docs/openapi.json", document.clone());
    let to_pages = web::redirect("/docs", "/docs/");
    config.service(to_pages).service(pages);
}
