"""The paper's tables and figures of classification, measured again beside its own numbers."""
