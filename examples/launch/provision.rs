//! The campaign in a cloud: its table, its function, its route. All by public calls, and once more changes nothing.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use campaign_core::{Campaign, Pepper, form::Guard};
use campaign_local::gateway::{Cors, Model, ModelCheck, Route};
use campaign_tablestore::EntryTable;
use serde_json::json;

use crate::{BoxError, cloud::Cloud, driver::Patience, function};

/// The function's name.
const FUNCTION: &str = "intake";
/// The route for pages.
const ROUTE: &str = "entries";
/// The route for other servers, which sign as an APP.
const PARTNERS: &str = "partners";

/// Makes table, function and route. With `quick` the function gives up on Table Store as soon as the
/// driver gives up on the gateway, for runs with injected faults.
pub(crate) async fn provision(campaign: &Campaign, cloud: &Cloud, quick: bool) -> Result<(), BoxError> {
    let table = table(campaign, cloud)?;
    table.create(campaign.retention()).await?;

    let ready = cloud.ready();
    let mut env = json!({
        function::ENDPOINT: ready.tablestore,
        function::INSTANCE: ready.instance,
        function::REGION: ready.region,
        function::TABLE: table.table_name(),
        function::PEPPER: pepper(cloud.pepper_file())?,
    });
    if quick {
        env[function::ATTEMPT_MS] = Patience::QUICK.attempt.as_millis().to_string().into();
    }
    let program = std::env::current_exe()?;
    let backend = json!({ "process": { "command": program, "args": ["function"], "env": env } });
    cloud.set(&format!("functions/{FUNCTION}"), &json!({ "backend": backend })).await?;

    let model = Model::new(ModelCheck::Loose, campaign.form().draft04(Guard::Loose));
    let route = Route::new("POST", "/campaigns/{id}/entries", FUNCTION).model(model.clone()).cors(Cors::default());
    cloud.set(&format!("routes/{ROUTE}"), &serde_json::to_value(route)?).await?;
    let any: [&str; 0] = [];
    let route = Route::new("POST", "/partners/{id}/entries", FUNCTION).model(model).apps(any);
    cloud.set(&format!("routes/{PARTNERS}"), &serde_json::to_value(route)?).await?;
    Ok(())
}

/// The campaign's table.
pub(crate) fn table(campaign: &Campaign, cloud: &Cloud) -> Result<EntryTable, BoxError> {
    // Names of tables have no hyphens.
    let name = format!("entries_{}", campaign.id().replace('-', "_"));
    Ok(EntryTable::new(&cloud.table_store()?, name))
}

/// The pepper: of the environment, else the one kept in `file`, which is made once and only its owner can read.
fn pepper(file: &Path) -> Result<String, BoxError> {
    if let Ok(pepper) = std::env::var(function::PEPPER) {
        Pepper::from_hex(&pepper).map_err(|error| format!("{}: {error}", function::PEPPER))?;
        return Ok(pepper);
    }
    match fs::read_to_string(file) {
        Ok(pepper) => {
            // Here and not only in the function, which would be started again and again.
            Pepper::from_hex(pepper.trim()).map_err(|error| format!("{}: {error}", file.display()))?;
            return Ok(pepper.trim().to_owned());
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{}: {error}", file.display()).into()),
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let pepper: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // Whole or not there: a torn pepper would make all later entries strangers to the earlier ones.
    let unfinished = file.with_extension("pepper-new");
    write_secret(&unfinished, &pepper)
        .and_then(|()| fs::rename(&unfinished, file))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(pepper)
}

fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_pepper_is_refused_by_the_name_of_its_file_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("campaign.pepper");
        for damaged in ["", "canary", "0f0f"] {
            fs::write(&file, damaged).unwrap();
            let error = pepper(&file).unwrap_err().to_string();
            assert!(error.contains("campaign.pepper: a pepper ") && !error.contains("canary"), "{error}");
            assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
        }
    }

    #[test]
    fn a_pepper_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("campaign.pepper");
        let first = pepper(&file).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(pepper(&file).unwrap(), first);
        assert_ne!(pepper(&folder.path().join("other.pepper")).unwrap(), first);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
