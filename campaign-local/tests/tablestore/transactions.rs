//! Local transactions: what is seen when and by whom, who may write, how they end.

use campaign_local::fault::{Fault, Moment};
use campaign_tablestore::schema::{KeyType, TableMeta, TableOptions};
use campaign_tablestore::{
    AbortTransaction, BatchWriteRow, Code, Column, ColumnFilter, CommitTransaction, Condition, CreateTable, DeleteRow,
    DeleteTable, GetRange, GetRow, KeyValue, PrimaryKey, PutRow, Row, RowResults, RowUpdate, RowWrite,
    StartLocalTransaction, Transaction, UpdateRow, Value, Written,
};

use proptest::prelude::*;

use crate::changes::changes;
use crate::{Bed, bed};

const LIFE: i64 = 60_000;

fn team(name: &str) -> PrimaryKey {
    PrimaryKey::new().with("team", name)
}

fn member(team: &str, name: &str) -> PrimaryKey {
    PrimaryKey::new().with("team", team).with("member", name)
}

fn put(team: &str, name: &str, points: i64) -> PutRow {
    PutRow::new("teams", Row::new(member(team, name)).with("points", points))
}

fn table() -> CreateTable {
    let meta = TableMeta::new("teams").key("team", KeyType::String).key("member", KeyType::String);
    CreateTable::new(meta).enable_local_txn(true)
}

async fn teams() -> Bed {
    let bed = bed().await;
    bed.client.send(&table()).await.unwrap();
    bed
}

impl Bed {
    async fn begin(&self, name: &str) -> Transaction {
        Transaction::begin(&self.client, "teams", team(name)).await.unwrap()
    }

    async fn points(&self, team: &str, name: &str) -> Option<i64> {
        points(self.client.send(&GetRow::new("teams", member(team, name))).await.unwrap().row)
    }

    /// The names of the red team's members, as seen from inside a transaction or from outside.
    async fn members(&self, transaction: Option<&str>) -> Vec<String> {
        let bound = |value| PrimaryKey::new().with("team", "red").with("member", value);
        let mut range = GetRange::new("teams", bound(KeyValue::InfMin), bound(KeyValue::InfMax));
        range.transaction_id = transaction.map(str::to_owned);
        let rows = self.client.send(&range).await.unwrap().rows().unwrap();
        rows.iter().map(|row| row.key("member").and_then(KeyValue::as_str).unwrap().to_owned()).collect()
    }
}

fn points(row: Option<Row>) -> Option<i64> {
    row.and_then(|row| row.get("points").and_then(Value::as_i64))
}

#[tokio::test]
async fn writes_are_seen_inside_at_once_and_outside_after_the_commit() {
    let bed = teams().await;
    for row in [put("red", "An", 1), put("red", "Bo", 2), put("red", "Cy", 3)] {
        bed.client.send(&row).await.unwrap();
    }
    let mut transaction = bed.begin("red").await;
    transaction.send(put("red", "An", 10)).await.unwrap();
    transaction.send(DeleteRow::new("teams", member("red", "Bo"))).await.unwrap();
    let more = RowUpdate::new(member("red", "Cy")).increment("points", 5);
    transaction.send(UpdateRow::new("teams", more.clone())).await.unwrap();
    transaction.send(UpdateRow::new("teams", more)).await.unwrap();
    transaction.send(put("red", "Di", 4)).await.unwrap();

    for (name, inside, outside) in
        [("An", Some(10), Some(1)), ("Bo", None, Some(2)), ("Cy", Some(13), Some(3)), ("Di", Some(4), None)]
    {
        let seen = transaction.send(GetRow::new("teams", member("red", name))).await.unwrap();
        assert_eq!(points(seen.row), inside, "{name} inside");
        assert_eq!(bed.points("red", name).await, outside, "{name} outside");
    }
    assert_eq!(bed.members(Some(transaction.id())).await, ["An", "Cy", "Di"]);
    assert_eq!(bed.members(None).await, ["An", "Bo", "Cy"]);

    transaction.commit().await.unwrap();
    assert_eq!(bed.members(None).await, ["An", "Cy", "Di"]);
    assert_eq!(bed.points("red", "An").await, Some(10));
    assert_eq!(bed.points("red", "Cy").await, Some(13), "an increment counts once");
}

#[tokio::test]
async fn nothing_is_left_of_a_transaction_that_was_aborted_or_dropped() {
    let bed = teams().await;
    bed.client.send(&put("red", "An", 1)).await.unwrap();
    let mut transaction = bed.begin("red").await;
    transaction.send(put("red", "An", 2)).await.unwrap();
    transaction.abort().await.unwrap();
    assert_eq!(bed.points("red", "An").await, Some(1));

    let mut transaction = bed.begin("red").await;
    transaction.send(put("red", "An", 3)).await.unwrap();
    drop(transaction);
    // The abort is on its way; until it is there the key is held.
    let free = async {
        while bed.client.send(&put("red", "Bo", 1)).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), free).await.unwrap();
    assert_eq!(bed.points("red", "An").await, Some(1));
}

#[tokio::test]
async fn the_partition_key_is_held_against_everybody_else_and_no_other_key_is() {
    let bed = teams().await;
    bed.client.send(&put("red", "An", 1)).await.unwrap();
    let mut transaction = bed.begin("red").await;
    let conflict = (Code::RowOperationConflict, "Data is being modified by the other request.".to_owned());
    let update = UpdateRow::new("teams", RowUpdate::new(member("red", "An")).put("points", 9));
    assert_eq!(bed.refused(put("red", "Zoe", 1)).await, conflict);
    assert_eq!(bed.refused(update).await, conflict);
    assert_eq!(bed.refused(DeleteRow::new("teams", member("red", "An"))).await, conflict);
    assert_eq!(bed.refused(StartLocalTransaction::new("teams", team("red"))).await, conflict);
    // Neither a key that begins with the one that is held, nor another.
    bed.client.send(&put("reddish", "An", 1)).await.unwrap();
    let mut other = bed.begin("blue").await;
    other.send(put("blue", "An", 5)).await.unwrap();
    transaction.send(put("red", "Zoe", 2)).await.unwrap();
    other.commit().await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!((bed.points("red", "Zoe").await, bed.points("blue", "An").await), (Some(2), Some(5)));
    bed.client.send(&put("red", "Zoe", 3)).await.unwrap();
}

#[tokio::test]
async fn a_write_of_another_partition_key_or_table_is_out_of_range_and_the_transaction_goes_on() {
    let bed = teams().await;
    let mut second = table();
    "others".clone_into(&mut second.table_meta.table_name);
    bed.client.send(&second).await.unwrap();
    bed.client.send(&put("blue", "An", 1)).await.unwrap();
    let mut transaction = bed.begin("red").await;
    for bad in [put("blue", "An", 2), PutRow { table_name: "others".to_owned(), ..put("red", "An", 2) }] {
        let error = transaction.send(bad).await.unwrap_err();
        assert_eq!(Code::of(&error), Some(Code::DataOutOfRange));
    }
    // Reading is not bound to the key.
    let seen = transaction.send(GetRow::new("teams", member("blue", "An"))).await.unwrap();
    assert_eq!(points(seen.row), Some(1));
    transaction.send(put("red", "An", 3)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(bed.points("red", "An").await, Some(3));
}

#[tokio::test]
async fn conditions_see_the_transactions_own_writes() {
    let bed = teams().await;
    let mut transaction = bed.begin("red").await;
    transaction.send(put("red", "An", 1).condition(Condition::expect_not_exist())).await.unwrap();
    let again = put("red", "An", 2).condition(Condition::expect_not_exist());
    let error = transaction.send(again).await.unwrap_err();
    assert_eq!(Code::of(&error), Some(Code::ConditionCheckFail));
    let is_one = Condition::expect_exist().column(ColumnFilter::equal("points", 1));
    transaction.send(put("red", "An", 3).condition(is_one)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(bed.points("red", "An").await, Some(3));
}

#[tokio::test]
async fn a_version_is_the_time_of_the_write_and_not_of_the_commit() {
    let bed = teams().await;
    let mut transaction = bed.begin("red").await;
    transaction.send(put("red", "An", 1)).await.unwrap();
    let get = GetRow::new("teams", member("red", "An"));
    let inside = transaction.send(get.clone()).await.unwrap().row;
    bed.advance(5_000);
    transaction.commit().await.unwrap();
    let row = bed.client.send(&get).await.unwrap().row;
    assert_eq!(row, inside);
    assert_eq!(row.unwrap().columns, [Column::at("points", 1, crate::START)]);
}

#[tokio::test]
async fn a_transaction_ends_after_sixty_seconds_and_its_key_is_free() {
    let bed = teams().await;
    let mut transaction = bed.begin("red").await;
    transaction.send(put("red", "An", 1)).await.unwrap();
    bed.advance(LIFE - 1);
    transaction.send(put("red", "An", 2)).await.unwrap();
    assert_eq!(bed.refused(put("red", "Bo", 1)).await.0, Code::RowOperationConflict);
    bed.advance(1);
    bed.client.send(&put("red", "Bo", 1)).await.unwrap();
    let over = (Code::SessionNotExist, "Session not exist or may be timeout.".to_owned());
    let id = transaction.id().to_owned();
    assert_eq!(bed.refused(put("red", "An", 3).transaction_id(&*id)).await, over);
    assert_eq!(bed.refused(GetRow::new("teams", member("red", "An")).transaction_id(&*id)).await, over);
    assert_eq!(bed.refused(CommitTransaction::new(&*id)).await, over);
    assert_eq!(bed.refused(AbortTransaction::new(&*id)).await, over);
    assert_eq!(bed.members(None).await, ["Bo"]);
    transaction.abort().await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_has_ended_is_not_there_any_more() {
    let bed = teams().await;
    let start = StartLocalTransaction::new("teams", team("red"));
    let over = (Code::SessionNotExist, "Session not exist or may be timeout.".to_owned());
    let id = bed.client.send(&start).await.unwrap();
    bed.client.send(&CommitTransaction::new(&*id)).await.unwrap();
    assert_eq!(bed.refused(CommitTransaction::new(&*id)).await, over);
    let id = bed.client.send(&start).await.unwrap();
    bed.client.send(&AbortTransaction::new(&*id)).await.unwrap();
    assert_eq!(bed.refused(AbortTransaction::new(&*id)).await, over);
    let invalid = (Code::ParameterInvalid, "TransactionID is invalid.".to_owned());
    assert_eq!(bed.refused(CommitTransaction::new("txn")).await, invalid);
    assert_eq!(bed.refused(put("red", "An", 1).transaction_id("txn")).await, invalid);
}

#[tokio::test]
async fn a_transaction_is_begun_only_where_the_table_allows_it() {
    let bed = teams().await;
    let plain = TableMeta::new("plain").key("team", KeyType::String);
    bed.client.send(&CreateTable::new(plain)).await.unwrap();
    let disabled = "Try to call method using explicit transaction on explicit-transaction-disabled table.";
    let start = |table: &str, key| StartLocalTransaction::new(table, key);
    assert_eq!(bed.refused(start("plain", team("red"))).await, (Code::ParameterInvalid, disabled.to_owned()));
    assert_eq!(bed.refused(start("none", team("red"))).await.0, Code::ObjectNotExist);
    let wrong = PrimaryKey::new().with("team", 7);
    assert_eq!(
        bed.refused(start("teams", wrong)).await,
        (Code::InvalidPk, "Validate PK type fail. Input: VT_INTEGER, Meta: VT_STRING.".to_owned())
    );
}

#[tokio::test]
async fn a_transaction_writes_four_megabytes_at_most() {
    let bed = teams().await;
    let mut transaction = bed.begin("red").await;
    let big = |name: &str| PutRow::new("teams", Row::new(member("red", name)).with("data", vec![0; 2_000_000]));
    transaction.send(big("An")).await.unwrap();
    transaction.send(big("An")).await.unwrap();
    let error = transaction.send(big("An")).await.unwrap_err();
    assert_eq!(Code::of(&error), Some(Code::OutOfTransactionDataSizeLimit));
    transaction.send(put("red", "Bo", 1)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(bed.members(None).await, ["An", "Bo"]);
}

#[tokio::test]
async fn a_commit_that_is_cut_off_is_done_or_not_as_the_cut_says() {
    let bed = teams().await;
    for (cut, committed) in [(Moment::BeforeCommit, false), (Moment::AfterCommit, true)] {
        let id = bed.client.send(&StartLocalTransaction::new("teams", team("red"))).await.unwrap();
        let add = UpdateRow::new("teams", RowUpdate::new(member("red", "An")).increment("points", 1));
        bed.client.send(&add.transaction_id(&*id)).await.unwrap();
        bed.script("CommitTransaction", Fault::Cut(cut));
        let error = bed.client.send(&CommitTransaction::new(&*id)).await.unwrap_err();
        assert!(error.outcome_unknown());
        assert_eq!(bed.points("red", "An").await.is_some(), committed, "{cut:?}");
        let again = bed.client.send(&CommitTransaction::new(&*id)).await;
        assert_eq!(again.is_err(), committed, "{cut:?}");
        assert_eq!(bed.points("red", "An").await, Some(1), "{cut:?}");
        bed.client.send(&DeleteRow::new("teams", member("red", "An"))).await.unwrap();
    }
}

#[tokio::test]
async fn a_write_that_is_cut_off_before_its_end_is_not_part_of_the_transaction() {
    let bed = teams().await;
    let mut transaction = bed.begin("red").await;
    bed.script("PutRow", Fault::Cut(Moment::BeforeCommit));
    assert!(transaction.send(put("red", "An", 1)).await.unwrap_err().outcome_unknown());
    bed.script("PutRow", Fault::Cut(Moment::AfterCommit));
    assert!(transaction.send(put("red", "Bo", 1)).await.unwrap_err().outcome_unknown());
    transaction.commit().await.unwrap();
    assert_eq!(bed.members(None).await, ["Bo"]);
}

#[tokio::test]
async fn a_transaction_of_a_table_that_was_deleted_cannot_be_committed() {
    let bed = teams().await;
    let mut transaction = bed.begin("red").await;
    transaction.send(put("red", "An", 1)).await.unwrap();
    bed.client.send(&DeleteTable::new("teams")).await.unwrap();
    bed.client.send(&table()).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(Code::of(&error), Some(Code::ObjectNotExist));
    assert!(bed.members(None).await.is_empty());
    bed.client.send(&put("red", "An", 2)).await.unwrap();
}

fn codes(results: RowResults<Written>) -> Vec<Option<Code>> {
    results.into_rows().map(|row| row.err().map(|error| Code::from_text(&error.code))).collect()
}

fn rows(names: [(&str, &str); 3]) -> impl Iterator<Item = RowWrite> {
    names.into_iter().map(|(team, name)| RowWrite::put(Row::new(member(team, name)).with("points", 1)))
}

#[tokio::test]
async fn rows_of_a_batch_are_part_of_the_transaction_one_by_one_or_all_together() {
    let bed = teams().await;
    let mut transaction = bed.begin("red").await;
    let batch = BatchWriteRow::new("teams", rows([("red", "An"), ("blue", "Bo"), ("red", "Cy")]));
    let results = transaction.send(batch).await.unwrap();
    assert_eq!(codes(results), [None, Some(Code::DataOutOfRange), None]);
    // One of an atomic batch fails: none of it is part of the transaction, now or at its commit.
    let there = Condition::expect_exist();
    let mut all: Vec<_> = rows([("red", "Di"), ("red", "Ed"), ("red", "Flo")]).collect();
    all[2].condition = there;
    let results = transaction.send(BatchWriteRow::new("teams", all).atomic()).await.unwrap();
    assert_eq!(codes(results), [Some(Code::ConditionCheckFail); 3]);
    // Others get their conflicts row by row.
    let outside = BatchWriteRow::new("teams", rows([("red", "Gus"), ("blue", "Bo"), ("red", "An")]));
    let results = bed.client.send(&outside).await.unwrap();
    let conflict = Some(Code::RowOperationConflict);
    assert_eq!(codes(results), [conflict, None, conflict]);
    assert_eq!(bed.members(Some(transaction.id())).await, ["An", "Cy"]);
    transaction.commit().await.unwrap();
    assert_eq!(bed.members(None).await, ["An", "Cy"]);
}

fn of(n: u8) -> PrimaryKey {
    member("red", ["An", "Bo", "Cy", "Di"][usize::from(n)])
}

impl Bed {
    async fn rows_inside(&self, table: &str, transaction: Option<&str>) -> Vec<Row> {
        let range = GetRange {
            transaction_id: transaction.map(str::to_owned),
            ..GetRange::all(table, ["team", "member"]).max_versions(9)
        };
        self.client.send(&range).await.unwrap().rows().unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_transaction_is_its_writes_at_once_or_none_of_them(
        before in changes(),
        changes in changes(),
        commits in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bed = bed().await;
            let options = TableOptions { max_versions: Some(2), ..TableOptions::default() };
            bed.client.send(&table().table_options(options.clone())).await.unwrap();
            let plain = TableMeta::new("plain").key("team", KeyType::String).key("member", KeyType::String);
            bed.client.send(&CreateTable::new(plain).table_options(options)).await.unwrap();
            for change in &before {
                for name in ["teams", "plain"] {
                    let _ = change.write(name, of).send(&bed.client, None).await;
                }
                bed.advance(1);
            }
            let start = bed.rows_inside("teams", None).await;
            let transaction = bed.begin("red").await;
            let id = Some(transaction.id());
            for change in &changes {
                let inside = change.write("teams", of).send(&bed.client, id).await;
                let outside = change.write("plain", of).send(&bed.client, None).await;
                match (inside, outside) {
                    (Ok(inside), Ok(outside)) => assert_eq!(inside, outside, "{change:?}"),
                    (inside, outside) => assert_eq!(
                        inside.err().and_then(|error| Code::of(&error)),
                        outside.err().and_then(|error| Code::of(&error)),
                        "{change:?}"
                    ),
                }
                assert_eq!(bed.rows_inside("teams", id).await, bed.rows_inside("plain", None).await, "{change:?}");
                assert_eq!(bed.rows_inside("teams", None).await, start, "{change:?}");
                bed.advance(1);
            }
            if commits {
                transaction.commit().await.unwrap();
                assert_eq!(bed.rows_inside("teams", None).await, bed.rows_inside("plain", None).await);
            } else {
                transaction.abort().await.unwrap();
                assert_eq!(bed.rows_inside("teams", None).await, start);
            }
        });
    }
}
