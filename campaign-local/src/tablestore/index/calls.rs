//! CreateIndex, DropIndex; and how a new index takes the rows that were there before it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use campaign_tablestore::TableStore;
use campaign_tablestore::op::create_index::CreateIndex;
use campaign_tablestore::op::drop_index::DropIndex;
use campaign_tablestore::server::Refusal;

use super::follow::take;
use crate::store::{Order, Store, View, Write, space};
use crate::tablestore::check;
use crate::tablestore::index::{self, Index};
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::row::key::table_prefix;
use crate::tablestore::table::calls::{check_quota, finish_removals};
use crate::tablestore::table::rules;
use crate::tablestore::table::{self, table_key};

/// Rows that an index takes in one commit.
const TAKEN_AT_ONCE: usize = 500;

impl Emulate for CreateIndex {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        check::table_name(&self.table_name)?;
        rules::index_counts(&self.index)?;
        let (create, now) = (self.clone(), at.now);
        let fill = create.include_base_data == Some(true);
        let made = at.write(move |write, service| {
            let mut table = table::existing(write, service, &create.table_name)?;
            let request = &mut table.request;
            let name = create.index.name.clone();
            request.index_metas.push(create.index);
            rules::indexes(&request.table_meta, &request.table_options, &request.index_metas)?;
            check_quota(write, 1)?;
            index::make(write, service, &name, &create.table_name, fill, now)?;
            write.put(table_key(&create.table_name), table.save(service)?);
            Ok(())
        });
        made.await?;
        if fill {
            let (store, service) = (at.cloud.store.clone(), Arc::clone(&at.cloud.service));
            tokio::spawn(fill_indexes(store, service, at.cloud.options.index_pause));
        }
        Ok((self, ()))
    }
}

impl Emulate for DropIndex {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        check::table_name(&self.table_name)?;
        check::table_name(&self.index_name)?;
        let drop = self.clone();
        let dropped = at.write(move |write, service| {
            let mut table = table::existing(write, service, &drop.table_name)?;
            let indexes = &mut table.request.index_metas;
            let Some(at) = indexes.iter().position(|index| index.name == drop.index_name) else {
                return Err(table::no_such_table());
            };
            indexes.remove(at);
            write.put(table_key(&drop.table_name), table.save(service)?);
            index::remove(write, &drop.index_name)
        });
        dropped.await?;
        at.cloud.partitions.forget(&self.index_name);
        finish_removals(&at.cloud.store).await?;
        Ok((self, ()))
    }
}

/// Lets all indexes take the rows that were there before them, in pieces with `pause` after each.
pub(crate) async fn fill_indexes(store: Store, service: Arc<TableStore>, pause: Duration) {
    loop {
        let service = Arc::clone(&service);
        match store.write(move |write| fill_some(write, &service)).await {
            Ok(true) => return,
            Ok(false) if pause.is_zero() => {}
            Ok(false) => tokio::time::sleep(pause).await,
            // The store has stopped, or what is kept is broken: the index stays unreadable, and can be dropped.
            Err(refusal) => return tracing::warn!(%refusal, "an index could not take the rows that were there"),
        }
    }
}

/// Takes the next rows of the first index that lacks some; true if none does.
fn fill_some(write: &mut Write<'_>, service: &TableStore) -> Result<bool, Refusal> {
    let Some((name, index)) = index::unfinished(write)? else { return Ok(true) };
    let table = table::existing(write, service, &index.table_name)?;
    let meta = table.request.index_metas.iter().find(|meta| meta.name == name).ok_or_else(table::unreadable)?;
    let prefix = table_prefix(table.number);
    let from = index.fill.clone().filter(|place| !place.is_empty()).unwrap_or_else(|| prefix.clone());
    let mut rows = Vec::new();
    let mut next = None;
    write.scan(from.as_slice()..space::end_of(&prefix).as_slice(), Order::Forward, &mut |key, bytes| {
        if rows.len() < TAKEN_AT_ONCE {
            rows.push(bytes.to_vec());
            return ControlFlow::Continue(());
        }
        next = Some(key.to_vec());
        ControlFlow::Break(())
    })?;
    for row in rows {
        take(write, &table, meta, index.number, &row)?;
    }
    index::keep(write, &name, &Index { fill: next, ..index });
    Ok(false)
}
