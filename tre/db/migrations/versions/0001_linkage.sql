CREATE SCHEMA IF NOT EXISTS linkage;
CREATE TABLE linkage.delivery (
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
CREATE TABLE linkage.run (
    id TEXT NOT NULL,
    population TEXT NOT NULL,
    deliveries JSONB NOT NULL,
    model JSONB NOT NULL,
    quality JSONB NOT NULL,
    ran_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_run PRIMARY KEY (id)
);
CREATE TABLE linkage.spine (
    dataset TEXT NOT NULL,
    edition TEXT NOT NULL,
    row_key UUID NOT NULL,
    person_id UUID NOT NULL,
    CONSTRAINT pk_spine PRIMARY KEY (dataset, edition, row_key)
);
CREATE INDEX ix_spine_person_id ON linkage.spine (person_id);
