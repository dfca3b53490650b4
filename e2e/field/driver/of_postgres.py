from ask import Refused, check, times, word
from sql import Postgres


class Target:
    def __init__(self, host, port, rng):
        self.host, self.port, self.rng = host, port, rng
        self.made = False

    def ask(self, *statements, database="postgres"):
        """The first value of the last result."""
        with Postgres(self.host, self.port, "postgres", database) as connection:
            for statement in statements:
                rows = connection.ask(statement)
        return rows[0][0] if rows else ""

    @times(2)
    def probe_insert(self):
        name, value = word(self.rng), word(self.rng)
        self.ask(
            "CREATE TABLE IF NOT EXISTS notes (name text PRIMARY KEY, value text)",
            f"INSERT INTO notes VALUES ('{name}', '{value}')",
        )
        check(self.ask(f"SELECT value FROM notes WHERE name = '{name}'") == value, "another value")

    @times(1)
    def wrong_sql(self):
        self.refuse(f"SELECT {word(self.rng)} FORM notes")

    @times(1)
    def wrong_repeat(self):
        name = word(self.rng)
        self.ask(f"INSERT INTO notes VALUES ('{name}', '')")
        self.refuse(f"INSERT INTO notes VALUES ('{name}', '')")

    def refuse(self, statement):
        try:
            self.ask(statement)
        except Refused as refused:
            check("ERROR" in str(refused), "another failure")
            return
        raise Refused("taken")

    @times(1)
    def probe_export(self):
        self.ask(f"COPY (SELECT repeat('x', 700000)) TO '/export/{word(self.rng)}.csv'")

    @times(1)
    def probe_sort(self):
        self.tablespace()
        self.ask(
            "SET temp_tablespaces = 'space'",
            "SET work_mem = '64kB'",
            "SELECT count(*) FROM (SELECT repeat(g::text, 20) FROM generate_series(1, 12000) g ORDER BY 1 OFFSET 1) s",
        )

    def tablespace(self):
        if not self.ask("SELECT 1 FROM pg_tablespace WHERE spcname = 'space'"):
            self.ask("CREATE TABLESPACE space LOCATION '/space'")

    @times(1)
    def probe_table_in_space(self):
        self.tablespace()
        table = word(self.rng)
        self.ask(f"CREATE TABLE {table} (x int) TABLESPACE space", f"INSERT INTO {table} VALUES (1)")

    @times(1)
    def probe_parallel(self):
        self.ask(
            "CREATE TABLE IF NOT EXISTS many AS SELECT g AS x, repeat('y', 20) AS y FROM generate_series(1, 20000) g",
            "SET max_parallel_workers_per_gather = 2",
            "SET parallel_setup_cost = 0",
            "SET parallel_tuple_cost = 0",
            "SET min_parallel_table_scan_size = 0",
            "SET force_parallel_mode = on",
            "SET work_mem = '16MB'",
            "SET enable_mergejoin = off",
            "SELECT count(*) FROM many a JOIN many b ON a.x = b.x WHERE a.y = b.y",
        )

    @times(1)
    def probe_drop(self):
        table = word(self.rng)
        self.ask(f"CREATE TABLE {table} AS SELECT generate_series(1, 2000) AS x", f"DROP TABLE {table}")

    @times(1)
    def probe_shrink(self):
        table = word(self.rng)
        self.ask(f"CREATE TABLE {table} AS SELECT generate_series(1, 20000) AS x")
        self.ask(f"DELETE FROM {table}", f"VACUUM {table}")
        check(self.ask(f"SELECT pg_relation_size('{table}')") == "0", "not cut")

    @times(1)
    def probe_new_database(self):
        if not self.made:
            self.ask("CREATE DATABASE other STRATEGY file_copy" if self.rng.random() < 0.5 else "CREATE DATABASE other")
            self.made = True
        check(self.ask("SELECT 1", database="other") == "1", "no database")

    @times(1)
    def probe_checkpoint(self):
        self.ask("CHECKPOINT")

    @times(1)
    def probe_reload(self):
        check(self.ask("SELECT pg_reload_conf()") == "t", "no signal sent")
