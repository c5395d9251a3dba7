//! [`Params`]: the parameters of a running script, as given by the scenario and declared by the script.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rhai::Dynamic;

use crate::script::value::arguments::ScriptResult;
use crate::script::value::param::{ParamComplaint, ParamDeclaration, ParamValue};
use bearpit_core::units::{nearest, suggest};

/// The parameters of a script, read as `params.name`; clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Rc<RefCell<ParamTable>>);

#[derive(Debug, Default)]
struct ParamTable {
    given: BTreeMap<String, ParamValue>,
    values: BTreeMap<String, ParamValue>,
    declared: Vec<ParamDeclaration>,
    /// Whether the script declares any.
    declares: bool,
    complaints: Vec<ParamComplaint>,
}

const PARAMS_MAX: usize = 200;

impl Params {
    /// Begins with the scenario's values, and without declarations.
    pub(crate) fn given(given: &[(String, ParamValue)]) -> Self {
        let given = given.iter().cloned().collect();
        Self(Rc::new(RefCell::new(ParamTable { given, ..ParamTable::default() })))
    }

    /// Returns the script's declarations.
    pub(crate) fn declared(&self) -> Vec<ParamDeclaration> {
        self.0.borrow().declared.clone()
    }

    /// Returns what is wrong with the scenario's values, once the script has declared its parameters.
    ///
    /// A script that declares none accepts any.
    pub(crate) fn complaints(&self) -> Vec<ParamComplaint> {
        let table = self.0.borrow();
        let mut complaints = table.complaints.clone();
        if !table.declares {
            return complaints;
        }
        let known: Vec<&str> = table.declared.iter().map(|it| it.name.as_str()).collect();
        for name in table.given.keys().filter(|name| !known.contains(&name.as_str())) {
            complaints.push(ParamComplaint {
                name: name.clone(),
                message: format!("the script has no parameter `{name}`"),
                help: Some(suggest(name, &known)),
            });
        }
        complaints
    }

    /// Forgets what only matters while a script is loaded, and returns what is wrong with the values given.
    pub(crate) fn settle(&self) -> Vec<ParamComplaint> {
        let complaints = self.complaints();
        let mut table = self.0.borrow_mut();
        table.declared = Vec::new();
        table.complaints = Vec::new();
        if table.declares {
            table.given = BTreeMap::new();
        }
        complaints
    }

    /// Returns the parameter called `name`, or an error that says which there are.
    pub(crate) fn get(&self, name: &str) -> ScriptResult<Dynamic> {
        let table = self.0.borrow();
        let values = if table.declares { &table.values } else { &table.given };
        values.get(name).map(dynamic).ok_or_else(|| {
            let all: Vec<&str> = values.keys().map(String::as_str).collect();
            let near = nearest(name, all.iter().copied());
            let near = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
            let who = if table.declares { "the script declares" } else { "the scenario gives" };
            let all = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
            format!("{who} no parameter `{name}`{near}; there is: {all}").into()
        })
    }

    /// Adds a declaration, and returns the value that is in effect.
    pub(crate) fn declare(&self, declaration: ParamDeclaration) -> ScriptResult<Dynamic> {
        let name = declaration.name.clone();
        let mut table = self.0.borrow_mut();
        if table.declared.iter().any(|known| known.name == name) {
            return Err(format!("param: `{name}` is declared twice").into());
        }
        if table.declared.len() >= PARAMS_MAX {
            return Err(format!("param: more than {PARAMS_MAX} parameters").into());
        }
        if let Err(why) = declaration.check(&declaration.default) {
            return Err(format!("param: the default of `{name}` {why}").into());
        }
        let mut value = declaration.default.clone();
        if let Some(given) = table.given.get(&name).cloned() {
            match declaration.check(&given) {
                Ok(checked) => value = checked,
                Err(why) => {
                    let message = format!("the parameter `{name}` {why}");
                    let help =
                        (!declaration.about.is_empty()).then(|| format!("{name}: {}", declaration.about));
                    table.complaints.push(ParamComplaint { name: name.clone(), message, help });
                }
            }
        }
        table.declares = true;
        let effective = dynamic(&value);
        table.values.insert(name, value);
        table.declared.push(declaration);
        Ok(effective)
    }
}

fn dynamic(value: &ParamValue) -> Dynamic {
    match value {
        ParamValue::Bool(value) => Dynamic::from_bool(*value),
        ParamValue::Int(value) => Dynamic::from_int(*value),
        ParamValue::Float(value) => Dynamic::from_float(*value),
        ParamValue::Text(text) => text.clone().into(),
    }
}
