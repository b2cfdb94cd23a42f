-- The first schema. Once released, a migration is never edited.
CREATE TABLE artifact (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  kind              TEXT    NOT NULL,
  name              TEXT    NOT NULL,
  operation         TEXT    NOT NULL,
  operation_version INTEGER NOT NULL,
  params            TEXT    NOT NULL CHECK (json_valid(params)),
  seed              INTEGER NOT NULL,
  device            TEXT    NOT NULL,
  content_key       TEXT    NOT NULL,
  status            TEXT    NOT NULL CHECK (status IN ('running', 'done', 'failed', 'cancelled')),
  resumable         INTEGER NOT NULL CHECK (resumable IN (0, 1)),
  created_at        TEXT    NOT NULL,
  seconds           REAL,
  energy_joules     REAL,
  meta              TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(meta)),
  annotations       TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(annotations)),
  error             TEXT    CHECK (error IS NULL OR json_valid(error)),
  checkpoint        TEXT    CHECK (checkpoint IS NULL OR json_valid(checkpoint))
) STRICT;
CREATE INDEX artifact_content_key ON artifact (content_key);
CREATE INDEX artifact_name ON artifact (name);

-- Which artifact was made from which, and in which role. An input cannot be deleted from under its results.
CREATE TABLE edge (
  artifact INTEGER NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
  role     TEXT    NOT NULL,
  input    INTEGER NOT NULL REFERENCES artifact (id),
  PRIMARY KEY (artifact, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_input ON edge (input);

CREATE TABLE metric (
  run   INTEGER NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
  step  REAL    NOT NULL,
  name  TEXT    NOT NULL,
  value REAL    NOT NULL,
  PRIMARY KEY (run, step, name)
) STRICT, WITHOUT ROWID;

-- shape is a JSON list, shape[0] rows; a chunk holds chunk_rows rows (the last one what is left), row-major.
CREATE TABLE array (
  id         INTEGER PRIMARY KEY,
  artifact   INTEGER NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
  name       TEXT    NOT NULL,
  dtype      TEXT    NOT NULL,
  byte_order TEXT    NOT NULL DEFAULT 'little',
  shape      TEXT    NOT NULL CHECK (json_valid(shape)),
  chunk_rows INTEGER NOT NULL CHECK (chunk_rows > 0),
  codec      TEXT    NOT NULL DEFAULT 'raw',
  UNIQUE (artifact, name)
) STRICT;

-- The blob comes last, so that reading the other columns does not walk its pages. crc is CRC-32 of the stored bytes.
CREATE TABLE chunk (
  array INTEGER NOT NULL REFERENCES array (id) ON DELETE CASCADE,
  i     INTEGER NOT NULL,
  crc   INTEGER NOT NULL,
  blob  BLOB    NOT NULL,
  UNIQUE (array, i)
) STRICT;

CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL CHECK (json_valid(value))
) STRICT, WITHOUT ROWID;

-- Undo and redo of renames and annotations; field is the column of artifact that changed.
CREATE TABLE journal (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  artifact   INTEGER NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
  field      TEXT    NOT NULL CHECK (field IN ('name', 'annotations')),
  label      TEXT    NOT NULL,
  before     TEXT    NOT NULL,
  after      TEXT    NOT NULL,
  undone     INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1)),
  created_at TEXT    NOT NULL
) STRICT;

CREATE TABLE job (
  id         INTEGER PRIMARY KEY,
  operation  TEXT    NOT NULL,
  title      TEXT    NOT NULL,
  status     TEXT    NOT NULL CHECK (status IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
  artifact   INTEGER REFERENCES artifact (id) ON DELETE SET NULL,
  started_at TEXT,
  ended_at   TEXT,
  error      TEXT    CHECK (error IS NULL OR json_valid(error))
) STRICT;
