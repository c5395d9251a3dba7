-- The id that its owner gave a strategy: sent again under it, it is started once.
ALTER TABLE strategies ADD COLUMN client_id TEXT;
CREATE UNIQUE INDEX strategies_of_client ON strategies (user_id, client_id) WHERE client_id IS NOT NULL;
