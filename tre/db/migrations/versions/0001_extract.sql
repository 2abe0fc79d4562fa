CREATE SCHEMA IF NOT EXISTS extract;
CREATE TABLE extract.delivery (
    id TEXT NOT NULL,
    dataset TEXT NOT NULL,
    edition TEXT NOT NULL,
    digest TEXT NOT NULL,
    data_key BYTEA,
    rows BIGINT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    destroyed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_delivery PRIMARY KEY (id),
    CONSTRAINT uq_delivery_dataset UNIQUE (dataset, edition)
);
CREATE TABLE extract.extract (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    population TEXT NOT NULL,
    editions JSONB NOT NULL,
    tables JSONB NOT NULL,
    digest TEXT NOT NULL,
    built_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_extract PRIMARY KEY (id)
);
CREATE INDEX ix_extract_extract_project_id ON extract.extract (project_id);
