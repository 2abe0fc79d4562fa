"""Split at source, linkage of identifiers, spine, pseudonyms and extracts. Each part sees one side only."""
