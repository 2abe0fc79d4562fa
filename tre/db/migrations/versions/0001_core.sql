CREATE SCHEMA IF NOT EXISTS core;
CREATE FUNCTION core.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The table %.% is append-only.', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TABLE core.account (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    cap BIGINT NOT NULL,
    spent BIGINT DEFAULT '0' NOT NULL,
    reserved BIGINT DEFAULT '0' NOT NULL,
    delta_cap BIGINT DEFAULT '0' NOT NULL,
    delta_spent BIGINT DEFAULT '0' NOT NULL,
    delta_reserved BIGINT DEFAULT '0' NOT NULL,
    exact_releases BIGINT DEFAULT '0' NOT NULL,
    exact_cells BIGINT DEFAULT '0' NOT NULL,
    exact_releases_cap BIGINT NOT NULL,
    exact_cells_cap BIGINT NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT ck_account_kind CHECK (kind IN ('edition', 'population', 'project')),
    CONSTRAINT ck_account_never_overspent CHECK (spent >= 0 AND reserved >= 0 AND spent + reserved <= cap),
    CONSTRAINT ck_account_delta_never_overspent CHECK (delta_spent >= 0 AND delta_reserved >= 0 AND delta_spent + delta_reserved <= delta_cap),
    CONSTRAINT ck_account_exact_never_overspent CHECK (exact_releases BETWEEN 0 AND exact_releases_cap AND exact_cells BETWEEN 0 AND exact_cells_cap)
);
CREATE TABLE core.audit_event (
    id BIGSERIAL NOT NULL,
    event TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail JSONB NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    receipt TEXT,
    CONSTRAINT pk_audit_event PRIMARY KEY (id)
);
CREATE INDEX ix_audit_event_subject ON core.audit_event (subject);
CREATE TABLE core.person (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    organisation TEXT NOT NULL,
    supervisor_id TEXT,
    password_hash TEXT,
    failed_logins BIGINT DEFAULT '0' NOT NULL,
    locked_until TIMESTAMP WITH TIME ZONE,
    suspended_at TIMESTAMP WITH TIME ZONE,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (id),
    CONSTRAINT fk_person_supervisor_id_person FOREIGN KEY(supervisor_id) REFERENCES core.person (id)
);
CREATE TABLE core.project (
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    manifest TEXT NOT NULL,
    manifest_digest TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_project PRIMARY KEY (id),
    CONSTRAINT ck_project_state CHECK (state IN ('OPEN', 'FROZEN', 'CLOSED'))
);
CREATE TABLE core.accreditation (
    id BIGSERIAL NOT NULL,
    person_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    suspended_at TIMESTAMP WITH TIME ZONE,
    lapse_recorded_at TIMESTAMP WITH TIME ZONE,
    warned_days BIGINT,
    CONSTRAINT pk_accreditation PRIMARY KEY (id),
    CONSTRAINT ck_accreditation_kind CHECK (kind IN ('full', 'provisional')),
    CONSTRAINT ck_accreditation_order CHECK (starts_at < ends_at),
    CONSTRAINT fk_accreditation_person_id_person FOREIGN KEY(person_id) REFERENCES core.person (id)
);
CREATE INDEX ix_core_accreditation_person_id ON core.accreditation (person_id);
CREATE TABLE core.appointment_proposal (
    id BIGSERIAL NOT NULL,
    person_id TEXT NOT NULL,
    appointment TEXT NOT NULL,
    detail JSONB NOT NULL,
    reason TEXT NOT NULL,
    proposer_id TEXT NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_appointment_proposal PRIMARY KEY (id),
    CONSTRAINT ck_appointment_proposal_appointment CHECK (appointment IN ('capability', 'accreditation', 'reinstatement')),
    CONSTRAINT ck_appointment_proposal_reason CHECK (length(reason) > 0),
    CONSTRAINT fk_appointment_proposal_person_id_person FOREIGN KEY(person_id) REFERENCES core.person (id),
    CONSTRAINT fk_appointment_proposal_proposer_id_person FOREIGN KEY(proposer_id) REFERENCES core.person (id)
);
CREATE INDEX ix_core_appointment_proposal_person_id ON core.appointment_proposal (person_id);
CREATE TABLE core.cap_proposal (
    id BIGSERIAL NOT NULL,
    account_id TEXT NOT NULL,
    unit TEXT NOT NULL,
    cap_before BIGINT NOT NULL,
    cap_after BIGINT NOT NULL,
    reason TEXT NOT NULL,
    person_id TEXT NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_cap_proposal PRIMARY KEY (id),
    CONSTRAINT ck_cap_proposal_unit CHECK (unit IN ('nano_rho', 'exact_releases', 'exact_cells')),
    CONSTRAINT ck_cap_proposal_a_change CHECK (cap_after >= 0 AND cap_after <> cap_before),
    CONSTRAINT ck_cap_proposal_reason CHECK (length(reason) > 0),
    CONSTRAINT fk_cap_proposal_account_id_account FOREIGN KEY(account_id) REFERENCES core.account (id),
    CONSTRAINT fk_cap_proposal_person_id_person FOREIGN KEY(person_id) REFERENCES core.person (id)
);
CREATE INDEX ix_core_cap_proposal_account_id ON core.cap_proposal (account_id);
CREATE TABLE core.dataset (
    id TEXT NOT NULL,
    edition TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    contract TEXT NOT NULL,
    contract_digest TEXT NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_dataset PRIMARY KEY (id, edition),
    CONSTRAINT fk_dataset_owner_id_person FOREIGN KEY(owner_id) REFERENCES core.person (id)
);
CREATE TABLE core.granted_capability (
    person_id TEXT NOT NULL,
    capability TEXT NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_granted_capability PRIMARY KEY (person_id, capability),
    CONSTRAINT ck_granted_capability_capability CHECK (capability IN ('output_checker', 'senior_checker', 'admin', 'data_owner', 'auditor')),
    CONSTRAINT fk_granted_capability_person_id_person FOREIGN KEY(person_id) REFERENCES core.person (id)
);
CREATE TABLE core.log_entry (
    index BIGINT NOT NULL,
    audit_event_id BIGINT NOT NULL,
    leaf BYTEA NOT NULL,
    CONSTRAINT pk_log_entry PRIMARY KEY (index),
    CONSTRAINT uq_log_entry_audit_event_id UNIQUE (audit_event_id),
    CONSTRAINT fk_log_entry_audit_event_id_audit_event FOREIGN KEY(audit_event_id) REFERENCES core.audit_event (id)
);
CREATE TABLE core.membership (
    id BIGSERIAL NOT NULL,
    project_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    role TEXT NOT NULL,
    from_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    until_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_membership PRIMARY KEY (id),
    CONSTRAINT ck_membership_role CHECK (role IN ('lead', 'researcher', 'observer')),
    CONSTRAINT fk_membership_project_id_project FOREIGN KEY(project_id) REFERENCES core.project (id),
    CONSTRAINT fk_membership_person_id_person FOREIGN KEY(person_id) REFERENCES core.person (id)
);
CREATE INDEX ix_core_membership_person_id ON core.membership (person_id);
CREATE UNIQUE INDEX uq_membership_live ON core.membership (project_id, person_id) WHERE until_at IS NULL;
CREATE TABLE core.run (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    status TEXT NOT NULL,
    sentence TEXT DEFAULT '' NOT NULL,
    notebook_digest TEXT NOT NULL,
    environment_digest TEXT DEFAULT '' NOT NULL,
    data_digest TEXT NOT NULL,
    parameters JSONB NOT NULL,
    tables JSONB NOT NULL,
    executed_digest TEXT,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_run PRIMARY KEY (id),
    CONSTRAINT fk_run_project_id_project FOREIGN KEY(project_id) REFERENCES core.project (id),
    CONSTRAINT fk_run_person_id_person FOREIGN KEY(person_id) REFERENCES core.person (id)
);
CREATE INDEX ix_core_run_project_id ON core.run (project_id);
CREATE TABLE core.session (
    token_hash BYTEA NOT NULL,
    person_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    authenticated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    detail JSONB NOT NULL,
    CONSTRAINT pk_session PRIMARY KEY (token_hash),
    CONSTRAINT fk_session_person_id_person FOREIGN KEY(person_id) REFERENCES core.person (id)
);
CREATE INDEX ix_core_session_person_id ON core.session (person_id);
CREATE TABLE core.supervision (
    id BIGSERIAL NOT NULL,
    person_id TEXT NOT NULL,
    supervisor_id TEXT NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_supervision PRIMARY KEY (id),
    CONSTRAINT ck_supervision_another CHECK (person_id <> supervisor_id),
    CONSTRAINT ck_supervision_order CHECK (ended_at IS NULL OR accepted_at <= ended_at),
    CONSTRAINT fk_supervision_person_id_person FOREIGN KEY(person_id) REFERENCES core.person (id),
    CONSTRAINT fk_supervision_supervisor_id_person FOREIGN KEY(supervisor_id) REFERENCES core.person (id)
);
CREATE INDEX ix_core_supervision_person_id ON core.supervision (person_id);
CREATE INDEX ix_core_supervision_supervisor_id ON core.supervision (supervisor_id);
CREATE TABLE core.appointment_verdict (
    proposal_id BIGINT NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    decider_id TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_appointment_verdict PRIMARY KEY (proposal_id),
    CONSTRAINT ck_appointment_verdict_decision CHECK (decision IN ('agree', 'refuse', 'withdraw')),
    CONSTRAINT fk_appointment_verdict_proposal_id_appointment_proposal FOREIGN KEY(proposal_id) REFERENCES core.appointment_proposal (id),
    CONSTRAINT fk_appointment_verdict_decider_id_person FOREIGN KEY(decider_id) REFERENCES core.person (id)
);
CREATE TABLE core.cap_verdict (
    proposal_id BIGINT NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    person_id TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_cap_verdict PRIMARY KEY (proposal_id),
    CONSTRAINT ck_cap_verdict_decision CHECK (decision IN ('approve', 'refuse', 'withdraw')),
    CONSTRAINT fk_cap_verdict_proposal_id_cap_proposal FOREIGN KEY(proposal_id) REFERENCES core.cap_proposal (id),
    CONSTRAINT fk_cap_verdict_person_id_person FOREIGN KEY(person_id) REFERENCES core.person (id)
);
CREATE TABLE core.request (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    author_id TEXT NOT NULL,
    title TEXT NOT NULL,
    context TEXT NOT NULL,
    state TEXT NOT NULL,
    resume_to TEXT,
    run_id TEXT,
    extract_id TEXT NOT NULL,
    policy TEXT NOT NULL,
    version BIGINT DEFAULT '1' NOT NULL,
    salt BYTEA NOT NULL,
    manifest_digest TEXT NOT NULL,
    problem TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    submitted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_request PRIMARY KEY (id),
    CONSTRAINT ck_request_state CHECK (state IN ('DRAFT', 'SUBMITTED', 'CHECKING', 'CHECK_ERROR', 'IN_REVIEW', 'CONSOLIDATING', 'APPROVED', 'RELEASED', 'RETURNED', 'REJECTED', 'WITHDRAWN', 'REVOKED', 'SUSPENDED')),
    CONSTRAINT ck_request_resume_to CHECK ((state = 'SUSPENDED') = (resume_to IS NOT NULL)),
    CONSTRAINT fk_request_project_id_project FOREIGN KEY(project_id) REFERENCES core.project (id),
    CONSTRAINT fk_request_author_id_person FOREIGN KEY(author_id) REFERENCES core.person (id),
    CONSTRAINT fk_request_run_id_run FOREIGN KEY(run_id) REFERENCES core.run (id)
);
CREATE INDEX ix_core_request_project_id ON core.request (project_id);
CREATE INDEX ix_core_request_state ON core.request (state);
CREATE TABLE core.item (
    id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    mode TEXT NOT NULL,
    title TEXT NOT NULL,
    specification TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    plan TEXT,
    price BIGINT DEFAULT '0' NOT NULL,
    atto_delta BIGINT DEFAULT '0' NOT NULL,
    exact_reason TEXT,
    protection TEXT,
    picture TEXT,
    verdict TEXT,
    findings JSONB,
    cells BIGINT DEFAULT '0' NOT NULL,
    report_digest TEXT,
    printed_digest TEXT,
    picture_digest TEXT,
    archive_digest TEXT,
    archive_size BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_item PRIMARY KEY (id),
    CONSTRAINT ck_item_kind CHECK (kind IN ('statistic', 'run', 'file')),
    CONSTRAINT ck_item_mode CHECK (mode IN ('noisy', 'exact')),
    CONSTRAINT uq_item_request_id UNIQUE (request_id, version, position),
    CONSTRAINT ck_item_exact_reason CHECK ((mode = 'exact') = (exact_reason IS NOT NULL)),
    CONSTRAINT ck_item_protection CHECK (mode = 'exact' OR protection IS NULL),
    CONSTRAINT fk_item_request_id_request FOREIGN KEY(request_id) REFERENCES core.request (id)
);
CREATE TABLE core.release (
    id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    manifest_digest TEXT NOT NULL,
    reviewers JSONB NOT NULL,
    released_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_release PRIMARY KEY (id),
    CONSTRAINT uq_release_request_id UNIQUE (request_id),
    CONSTRAINT fk_release_request_id_request FOREIGN KEY(request_id) REFERENCES core.request (id)
);
CREATE TABLE core.vote (
    id BIGSERIAL NOT NULL,
    request_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    manifest_digest TEXT NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT NOT NULL,
    cast_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_vote PRIMARY KEY (id),
    CONSTRAINT ck_vote_decision CHECK (decision IN ('approve', 'return', 'reject')),
    CONSTRAINT fk_vote_request_id_request FOREIGN KEY(request_id) REFERENCES core.request (id),
    CONSTRAINT fk_vote_person_id_person FOREIGN KEY(person_id) REFERENCES core.person (id)
);
CREATE INDEX ix_core_vote_request_id ON core.vote (request_id);
CREATE TABLE core.charge (
    id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    price BIGINT NOT NULL,
    atto_delta BIGINT DEFAULT '0' NOT NULL,
    accounts JSONB NOT NULL,
    state TEXT NOT NULL,
    answer_digest TEXT,
    reserved_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_charge PRIMARY KEY (id),
    CONSTRAINT ck_charge_state CHECK (state IN ('RESERVED', 'CHARGED', 'DONE', 'RELEASED', 'VOID')),
    CONSTRAINT ck_charge_no_refund CHECK (price >= 0 AND atto_delta >= 0),
    CONSTRAINT ck_charge_one_answer CHECK ((state IN ('DONE', 'RELEASED')) = (answer_digest IS NOT NULL)),
    CONSTRAINT uq_charge_item_id UNIQUE (item_id),
    CONSTRAINT fk_charge_item_id_item FOREIGN KEY(item_id) REFERENCES core.item (id)
);
CREATE UNIQUE INDEX uq_charge_question ON core.charge (fingerprint) WHERE state IN ('CHARGED', 'DONE', 'RELEASED');
CREATE TABLE core.ledger_entry (
    id BIGSERIAL NOT NULL,
    account_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    nano_rho BIGINT DEFAULT '0' NOT NULL,
    atto_delta BIGINT DEFAULT '0' NOT NULL,
    exact_cells BIGINT DEFAULT '0' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    posted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_ledger_entry PRIMARY KEY (id),
    CONSTRAINT ck_ledger_entry_kind CHECK (kind IN ('RESERVE', 'VOID', 'CHARGE', 'EXACT')),
    CONSTRAINT uq_ledger_entry_once UNIQUE (account_id, item_id, kind),
    CONSTRAINT fk_ledger_entry_account_id_account FOREIGN KEY(account_id) REFERENCES core.account (id),
    CONSTRAINT fk_ledger_entry_item_id_item FOREIGN KEY(item_id) REFERENCES core.item (id)
);
CREATE INDEX ix_core_ledger_entry_account_id ON core.ledger_entry (account_id);
CREATE TABLE core.publication (
    release_id TEXT NOT NULL,
    receipt_digest TEXT NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_publication PRIMARY KEY (release_id),
    CONSTRAINT fk_publication_release_id_release FOREIGN KEY(release_id) REFERENCES core.release (id)
);
CREATE FUNCTION core.post_reserve(actor text, asked text[], legs text[]) RETURNS boolean
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    paid text[];
    cost bigint;
    risk bigint;
    fitting bigint;
BEGIN
    PERFORM FROM core.account WHERE id = ANY(legs) ORDER BY id COLLATE "C" FOR NO KEY UPDATE;
    paid := ARRAY(SELECT charge.fingerprint FROM core.item JOIN core.charge USING (fingerprint)
        WHERE item.id = ANY(asked) AND charge.state IN ('CHARGED', 'DONE', 'RELEASED'));
    SELECT coalesce(sum(price), 0), coalesce(sum(atto_delta), 0) INTO cost, risk
        FROM core.item WHERE id = ANY(asked) AND fingerprint <> ALL(paid);
    SELECT count(*) INTO fitting FROM core.account WHERE id = ANY(legs)
        AND cost <= cap - spent - reserved AND risk <= delta_cap - delta_spent - delta_reserved;
    IF fitting < cardinality(legs) THEN
        RETURN false;
    END IF;
    WITH held AS (
        INSERT INTO core.charge (id, item_id, fingerprint, price, atto_delta, accounts, state)
        SELECT id, id, fingerprint, CASE WHEN fingerprint = ANY(paid) THEN 0 ELSE price END,
            CASE WHEN fingerprint = ANY(paid) THEN 0 ELSE atto_delta END,
            jsonb_build_object('ids', to_jsonb(legs)), 'RESERVED'
        FROM core.item WHERE id = ANY(asked)
        RETURNING item_id, price, atto_delta
    ), posted AS (
        INSERT INTO core.ledger_entry (account_id, item_id, kind, nano_rho, atto_delta)
        SELECT leg, item_id, 'RESERVE', price, atto_delta FROM held, unnest(legs) leg ORDER BY item_id, leg
    ), noted AS (
        INSERT INTO core.audit_event (event, actor, subject, detail)
        SELECT 'budget_reserved', actor, 'item:' || item_id, jsonb_build_object('nano_rho', price)
            || CASE WHEN atto_delta > 0 THEN jsonb_build_object('atto_delta', atto_delta) ELSE '{}' END
        FROM held ORDER BY item_id
    )
    UPDATE core.account SET reserved = reserved + cost, delta_reserved = delta_reserved + risk WHERE id = ANY(legs);
    RETURN true;
END
$$;
CREATE FUNCTION core.post_void(actor text, asked text[]) RETURNS bigint
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    legs text[];
BEGIN
    PERFORM FROM core.charge WHERE item_id = ANY(asked) ORDER BY item_id COLLATE "C" FOR UPDATE;
    legs := ARRAY(SELECT DISTINCT jsonb_array_elements_text(accounts -> 'ids') FROM core.charge WHERE item_id = ANY(asked));
    asked := ARRAY(SELECT item_id FROM core.charge WHERE item_id = ANY(asked) AND state = 'RESERVED');
    IF cardinality(asked) = 0 THEN
        RETURN 0;
    END IF;
    PERFORM FROM core.account WHERE id = ANY(legs) ORDER BY id COLLATE "C" FOR NO KEY UPDATE;
    WITH freed AS (
        UPDATE core.charge SET state = 'VOID' WHERE item_id = ANY(asked)
        RETURNING item_id, price, atto_delta, accounts
    ), moved AS (
        SELECT item_id, leg, price, atto_delta FROM freed, jsonb_array_elements_text(accounts -> 'ids') leg
    ), posted AS (
        INSERT INTO core.ledger_entry (account_id, item_id, kind, nano_rho, atto_delta)
        SELECT leg, item_id, 'VOID', -price, -atto_delta FROM moved ORDER BY item_id, leg
    ), noted AS (
        INSERT INTO core.audit_event (event, actor, subject, detail)
        SELECT 'budget_voided', actor, 'item:' || item_id, jsonb_build_object('nano_rho', price)
            || CASE WHEN atto_delta > 0 THEN jsonb_build_object('atto_delta', atto_delta) ELSE '{}' END
        FROM freed ORDER BY item_id
    )
    UPDATE core.account SET reserved = reserved - cost, delta_reserved = delta_reserved - risk
    FROM (SELECT leg, sum(price) AS cost, sum(atto_delta) AS risk FROM moved GROUP BY leg) AS each WHERE id = leg;
    RETURN cardinality(asked);
END
$$;
CREATE FUNCTION core.post_charge(actor text, asked text[]) RETURNS boolean
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    legs text[];
    paid text[];
    payers text[];
    held bigint;
BEGIN
    PERFORM FROM core.charge WHERE item_id = ANY(asked) ORDER BY item_id COLLATE "C" FOR UPDATE;
    legs := ARRAY(SELECT DISTINCT jsonb_array_elements_text(accounts -> 'ids') FROM core.charge WHERE item_id = ANY(asked));
    PERFORM FROM core.account WHERE id = ANY(legs) ORDER BY id COLLATE "C" FOR NO KEY UPDATE;
    PERFORM pg_advisory_xact_lock(question) FROM (
        SELECT DISTINCT hashtextextended(fingerprint, 0) AS question FROM core.charge WHERE item_id = ANY(asked) ORDER BY 1
    ) questions;
    SELECT count(*) INTO held FROM core.charge WHERE item_id = ANY(asked) AND state = 'RESERVED';
    IF held < cardinality(asked) THEN
        RETURN false;
    END IF;
    paid := ARRAY(SELECT other.fingerprint FROM core.charge mine JOIN core.charge other USING (fingerprint)
        WHERE mine.item_id = ANY(asked) AND other.state IN ('CHARGED', 'DONE', 'RELEASED'));
    payers := ARRAY(SELECT DISTINCT ON (fingerprint) item_id FROM core.charge
        WHERE item_id = ANY(asked) AND fingerprint <> ALL(paid) ORDER BY fingerprint, array_position(asked, item_id));
    WITH settled AS (
        UPDATE core.charge SET state = CASE WHEN item_id = ANY(payers) THEN 'CHARGED' ELSE 'VOID' END
        WHERE item_id = ANY(asked)
        RETURNING item_id, price, atto_delta, accounts, item_id = ANY(payers) AS pays
    ), moved AS (
        SELECT item_id, leg, price, atto_delta, pays FROM settled, jsonb_array_elements_text(accounts -> 'ids') leg
    ), posted AS (
        INSERT INTO core.ledger_entry (account_id, item_id, kind, nano_rho, atto_delta)
        SELECT leg, item_id, 'VOID', -price, -atto_delta FROM moved WHERE NOT pays
        UNION ALL
        SELECT leg, item_id, 'CHARGE', CASE WHEN pays THEN price ELSE 0 END, CASE WHEN pays THEN atto_delta ELSE 0 END
        FROM moved
    ), charged AS (
        INSERT INTO core.audit_event (event, actor, subject, detail)
        SELECT 'budget_charged', actor, 'item:' || item_id, jsonb_build_object('nano_rho', price)
            || CASE WHEN atto_delta > 0 THEN jsonb_build_object('atto_delta', atto_delta) ELSE '{}' END
        FROM settled WHERE pays ORDER BY item_id
    ), freed AS (
        INSERT INTO core.audit_event (event, actor, subject, detail)
        SELECT 'budget_voided', actor, 'item:' || item_id, jsonb_build_object('nano_rho', price)
            || CASE WHEN atto_delta > 0 THEN jsonb_build_object('atto_delta', atto_delta) ELSE '{}' END
        FROM settled WHERE NOT pays ORDER BY item_id
    )
    UPDATE core.account SET reserved = reserved - cost, spent = spent + cost_paid,
        delta_reserved = delta_reserved - risk, delta_spent = delta_spent + risk_paid
    FROM (
        SELECT leg, sum(price) AS cost, coalesce(sum(price) FILTER (WHERE pays), 0) AS cost_paid,
            sum(atto_delta) AS risk, coalesce(sum(atto_delta) FILTER (WHERE pays), 0) AS risk_paid
        FROM moved GROUP BY leg
    ) AS each WHERE id = leg;
    RETURN true;
END
$$;
CREATE FUNCTION core.post_exact(actor text, asked text[], legs text[]) RETURNS boolean
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    released bigint := cardinality(asked);
    counted bigint;
    fitting bigint;
BEGIN
    PERFORM FROM core.account WHERE id = ANY(legs) ORDER BY id COLLATE "C" FOR NO KEY UPDATE;
    SELECT coalesce(sum(cells), 0) INTO counted FROM core.item WHERE id = ANY(asked);
    SELECT count(*) INTO fitting FROM core.account WHERE id = ANY(legs)
        AND released <= exact_releases_cap - exact_releases AND counted <= exact_cells_cap - exact_cells;
    IF fitting < cardinality(legs) THEN
        RETURN false;
    END IF;
    INSERT INTO core.ledger_entry (account_id, item_id, kind, exact_cells, reason)
        SELECT leg, id, 'EXACT', cells, coalesce(exact_reason, '')
        FROM core.item, unnest(legs) leg WHERE id = ANY(asked) ORDER BY id, leg;
    INSERT INTO core.audit_event (event, actor, subject, detail)
        SELECT 'exact_charged', actor, 'item:' || id, jsonb_build_object('cells', cells)
        FROM core.item WHERE id = ANY(asked) ORDER BY id;
    UPDATE core.account SET exact_releases = exact_releases + released, exact_cells = exact_cells + counted
        WHERE id = ANY(legs);
    RETURN true;
END
$$;
CREATE FUNCTION core.refuse_unspending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Table %.%: what was charged stays charged.', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER never_unspent BEFORE UPDATE ON core.account FOR EACH ROW
    WHEN (NEW.spent < OLD.spent OR NEW.delta_spent < OLD.delta_spent OR NEW.exact_releases < OLD.exact_releases OR NEW.exact_cells < OLD.exact_cells)
    EXECUTE FUNCTION core.refuse_unspending();
ALTER TABLE core.account ENABLE ALWAYS TRIGGER never_unspent;
CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON core.account FOR EACH STATEMENT
    EXECUTE FUNCTION core.refuse_unspending();
ALTER TABLE core.account ENABLE ALWAYS TRIGGER never_removed;
CREATE TRIGGER never_unspent BEFORE UPDATE ON core.charge FOR EACH ROW
    WHEN ((NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (('RESERVED', 'CHARGED'), ('RESERVED', 'VOID'), ('CHARGED', 'DONE'), ('DONE', 'RELEASED')))
        OR (NEW.id, NEW.item_id, NEW.fingerprint, NEW.price, NEW.atto_delta, NEW.accounts) IS DISTINCT FROM (OLD.id, OLD.item_id, OLD.fingerprint, OLD.price, OLD.atto_delta, OLD.accounts)
        OR (OLD.answer_digest IS NOT NULL AND NEW.answer_digest IS DISTINCT FROM OLD.answer_digest))
    EXECUTE FUNCTION core.refuse_unspending();
ALTER TABLE core.charge ENABLE ALWAYS TRIGGER never_unspent;
CREATE TRIGGER starts_reserved BEFORE INSERT ON core.charge FOR EACH ROW
    WHEN (NEW.state <> 'RESERVED')
    EXECUTE FUNCTION core.refuse_unspending();
ALTER TABLE core.charge ENABLE ALWAYS TRIGGER starts_reserved;
CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON core.charge FOR EACH STATEMENT
    EXECUTE FUNCTION core.refuse_unspending();
ALTER TABLE core.charge ENABLE ALWAYS TRIGGER never_removed;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.vote
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
ALTER TABLE core.vote ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
ALTER TABLE core.ledger_entry ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.cap_proposal
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
ALTER TABLE core.cap_proposal ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.cap_verdict
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
ALTER TABLE core.cap_verdict ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.appointment_proposal
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
ALTER TABLE core.appointment_proposal ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.appointment_verdict
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
ALTER TABLE core.appointment_verdict ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.release
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
ALTER TABLE core.release ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.publication
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
ALTER TABLE core.publication ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
ALTER TABLE core.audit_event ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.log_entry
    FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
ALTER TABLE core.log_entry ENABLE ALWAYS TRIGGER append_only;
