from ask import Refused, check, times, word
from sql import MariaDb


class Target:
    def __init__(self, host, port, rng):
        self.host, self.port, self.rng = host, port, rng

    def ask(self, *statements):
        """The first value of the last result."""
        with MariaDb(self.host, self.port, "app", "app") as connection:
            for statement in statements:
                value = connection.ask(statement)
        return value

    @times(2)
    def probe_insert(self):
        name, value = word(self.rng), word(self.rng)
        self.ask("CREATE TABLE IF NOT EXISTS notes (name VARCHAR(40) PRIMARY KEY, value TEXT)")
        self.ask(f"INSERT INTO notes VALUES ('{name}', '{value}')")
        check(self.ask(f"SELECT value FROM notes WHERE name = '{name}'") == value, "another value")

    @times(1)
    def wrong_sql(self):
        self.refuse(f"SELECT {word(self.rng)} FORM notes")

    @times(1)
    def wrong_repeat(self):
        name = word(self.rng)
        self.refuse(f"INSERT INTO notes VALUES ('{name}', ''), ('{name}', '')")

    def refuse(self, statement):
        try:
            self.ask(statement)
        except Refused as refused:
            check("ERROR" in str(refused), "another failure")
            return
        raise Refused("taken")

    @times(1)
    def probe_export(self):
        self.ask(f"SELECT REPEAT('x', 700000) INTO OUTFILE '/export/{word(self.rng)}.csv'")

    @times(1)
    def probe_sort(self):
        self.ask(
            "SET sort_buffer_size = 32768; SET tmp_memory_table_size = 0; SET max_heap_table_size = 16384; "
            "SELECT COUNT(*) FROM (SELECT DISTINCT MD5(seq) h, REPEAT(seq, 40) r FROM seq_1_to_12000 ORDER BY r) s"
        )

    @times(1)
    def probe_rebuild(self):
        table = word(self.rng)
        self.ask(f"CREATE TABLE {table} (x INT) ENGINE=Aria; INSERT INTO {table} VALUES (1), (2)")
        self.ask(f"ALTER TABLE {table} ADD COLUMN y INT, ALGORITHM=COPY")

    @times(1)
    def probe_empty(self):
        table = word(self.rng)
        self.ask(f"CREATE TABLE {table} (x INT); INSERT INTO {table} SELECT seq FROM seq_1_to_2000")
        self.ask(f"TRUNCATE TABLE {table}")
        check(self.ask(f"SELECT COUNT(*) FROM {table}") == "0", "not empty")

    @times(1)
    def probe_drop(self):
        table = word(self.rng)
        self.ask(f"CREATE TABLE {table} (x INT); DROP TABLE {table}")

    @times(1)
    def probe_new_database(self):
        database = word(self.rng)
        self.ask(f"CREATE DATABASE {database}; DROP DATABASE {database}")

    @times(1)
    def probe_slow_log(self):
        self.ask("SELECT SLEEP(0.25)")
        check(self.ask("SELECT @@GLOBAL.slow_query_log") == "1", "the slow log is off")
