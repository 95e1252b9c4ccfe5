//! The parameters of a run on the command line: `lambda=41`.

use std::str::FromStr;

use ::corpus::RunTable;
use anyhow::{Result, bail};
use record::{Map, Value};

/// A parameter and its text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ParameterArgument {
    name: String,
    text: String,
}

impl FromStr for ParameterArgument {
    type Err = String;

    fn from_str(argument: &str) -> Result<Self, String> {
        match argument.split_once('=') {
            Some((name, text)) if !name.is_empty() => {
                Ok(ParameterArgument { name: name.to_owned(), text: text.to_owned() })
            }
            _ => Err("write a parameter as NAME=VALUE, for example lambda=41".to_owned()),
        }
    }
}

/// Refuses parameters that no known run has.
pub(super) fn check_names(arguments: &[ParameterArgument], table: &RunTable) -> Result<()> {
    let Some(argument) = arguments.iter().find(|argument| table.parameter(&argument.name).is_none()) else {
        return Ok(());
    };
    let known: Vec<&str> = table.parameters().iter().map(|column| column.name()).collect();
    match known.is_empty() {
        true => bail!("the known runs of {} have no parameters", table.computation()),
        false => bail!(
            "no known run of {} has a parameter '{}': the parameters are {}",
            table.computation(),
            argument.name,
            known.join(", ")
        ),
    }
}

/// The parameters as values.
pub(super) fn parameter_map(arguments: &[ParameterArgument], table: &RunTable) -> Map {
    let entry = |argument: &ParameterArgument| {
        let is_known_text =
            table.parameter(&argument.name).is_some_and(|column| column.texts().any(|text| text == argument.text));
        (argument.name.clone(), if is_known_text { Value::from(&*argument.text) } else { value(&argument.text) })
    };
    Map::from_iter(arguments.iter().map(entry))
}

/// A number or a boolean if the text is one.
fn value(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text.parse().map_or_else(|_| Value::from(text), Value::Float),
    }
}

#[cfg(test)]
mod tests {
    use ::corpus::{Cell, RunFacts, RunOutcome};

    use super::*;

    #[test]
    fn a_text_has_the_type_that_known_runs_have() {
        let mut table = RunTable::new("rg_flow");
        table.push(RunFacts::new(RunOutcome::Ok), [("order", Cell::Text("45")), ("lambda", Cell::Number(1.0))]);
        let arguments = ["order=45", "lambda=45", "mu=nan", "x=true", "y=a=b"].map(|text| text.parse().unwrap());
        let map = parameter_map(&arguments, &table);
        assert_eq!(map.to_string(), r#"{"order":"45","lambda":45.0,"mu":"NaN","x":true,"y":"a=b"}"#);
    }

    #[test]
    fn a_parameter_needs_a_name_and_a_value() {
        assert!("lambda".parse::<ParameterArgument>().is_err() && "=3".parse::<ParameterArgument>().is_err());
        assert!("lambda=".parse::<ParameterArgument>().is_ok());
    }
}
