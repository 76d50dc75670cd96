namespace PvPatch.Cli.Rendering;

/// <summary>How results are written.</summary>
internal enum OutputFormat
{
    /// <summary>For people and grep: one thing a line.</summary>
    Text,

    /// <summary>For programs: one document with a schema.</summary>
    Json,

    /// <summary>For CI: findings as SARIF 2.1.0.</summary>
    Sarif,
}
