CREATE SCHEMA IF NOT EXISTS pseudonyms;
CREATE TABLE pseudonyms.population_key (
    population TEXT NOT NULL,
    key BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_population_key PRIMARY KEY (population)
);
CREATE TABLE pseudonyms.project_key (
    project_id TEXT NOT NULL,
    key BYTEA,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    destroyed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_project_key PRIMARY KEY (project_id)
);
CREATE TABLE pseudonyms.study_map (
    project_id TEXT NOT NULL,
    dataset TEXT NOT NULL,
    row_key UUID NOT NULL,
    study_id TEXT NOT NULL,
    audit_key TEXT NOT NULL,
    CONSTRAINT pk_study_map PRIMARY KEY (project_id, dataset, row_key)
);
