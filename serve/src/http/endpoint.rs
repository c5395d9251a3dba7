//! [`Endpoint`]: a path, its methods, and who may use each.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, FromRequest, Handler, HttpMessage, HttpRequest, Resource, Responder, guard, web};

use super::dialect::Dialect;
use crate::domain::{Actor, Problem, Scope};

/// Who may use a method of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Whoever has shown who they are, with a credential that has the scope.
    Needs(Scope),
    /// A person with a session, not a program with a key: who has a key cannot make others.
    Session,
}

/// A method of a path, and who may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path as it is matched, as `/api/orders/{order_id}`.
    pub path: &'static str,
    /// The method.
    pub method: Method,
    /// Who may use it.
    pub access: Access,
}

/// Decides who may pass.
pub(super) trait Gatekeeper: Send + Sync {
    /// Returns who asks, if that was shown; a problem if they may not.
    fn admit(&self, request: &HttpRequest, access: Access) -> Admitting;
}

/// A decision that is being taken.
pub(super) type Admitting = Pin<Box<dyn Future<Output = Result<Option<Actor>, Problem>>>>;

/// A path, its methods, and who may use each. Handlers of what is not public take the
/// [`Actor`] as `web::ReqData<Actor>`.
pub(super) struct Endpoint {
    path: &'static str,
    dialect: Dialect,
    resource: Resource,
    entries: Vec<Entry>,
}

impl Endpoint {
    /// Begins with a path that has no method yet.
    pub(super) fn at(path: &'static str) -> Self {
        Self { path, dialect: Dialect::of(path), resource: web::resource(path), entries: Vec::new() }
    }

    /// Adds GET, and HEAD, which is the same without the body.
    pub(super) fn get<F, A>(self, access: Access, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::GET, access, handler)
    }

    /// Adds POST.
    pub(super) fn post<F, A>(self, access: Access, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::POST, access, handler)
    }

    /// Adds a method.
    pub(super) fn on<F, A>(mut self, method: Method, access: Access, handler: F) -> Self
    where
        F: Handler<A>,
        A: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let route = if method == Method::GET {
            web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            web::route().method(method.clone())
        };
        let dialect = self.dialect;
        let gate = from_fn(move |request, next| pass(access, dialect, request, next));
        self.resource = self.resource.route(route.to(handler).wrap(gate));
        self.entries.push(Entry { path: self.path, method, access });
        self
    }

    /// Adds it to a server.
    pub(super) fn register(self, config: &mut web::ServiceConfig) {
        let mut allowed: Vec<_> = self.entries.iter().map(|entry| entry.method.as_str()).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        let allowed = allowed.join(", ");
        let dialect = self.dialect;
        let other = move || {
            let answer = dialect.not_allowed(&allowed);
            async move { answer }
        };
        config.service(self.resource.default_service(web::to(other)));
    }

    /// Returns its methods.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// Lets a request pass if whoever asks may, and tells the handler who it is.
async fn pass(
    access: Access,
    dialect: Dialect,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if access != Access::Public {
        let gatekeeper = request.app_data::<web::Data<dyn Gatekeeper>>().cloned();
        let Some(gatekeeper) = gatekeeper else {
            let problem =
                Problem::new(crate::domain::ProblemKind::Internal, "no_gate", "nobody can be admitted");
            return Ok(request.into_response(dialect.problem(problem)));
        };
        match Arc::clone(&gatekeeper).admit(request.request(), access).await {
            Ok(Some(actor)) => {
                request.extensions_mut().insert(actor);
            }
            Ok(None) => {}
            // An answer like others, not an error: it is counted, and has the request's id.
            Err(problem) => return Ok(request.into_response(dialect.problem(problem))),
        }
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}
