-- The id that its owner gave a strategy: sent again under it, it is started once.
ALTER TABLE strategies ADD COLUMN client_id TEXT;
CREATE UNIQUE INDEX "strategies.user_id, strategies.client_id" ON strategies (user_id, client_id)
    WHERE client_id IS NOT NULL;
