namespace PvPatch.Checking;

/// <summary>The findings of <c>verify</c>: one table for code, help and reports.</summary>
public static class VerifyRules
{
    /// <summary>A site begins or ends inside an instruction.</summary>
    public static FindingRule Boundary { get; } = new(
        "PV1001", Severity.Error, "site off instruction boundaries",
        "The kernel would overwrite half an instruction.");

    /// <summary>Two sites share bytes and no pass order settles it.</summary>
    public static FindingRule Overlap { get; } = new(
        "PV1002", Severity.Error, "sites overlap",
        "What stands there after boot would depend on chance.");

    /// <summary>A call in a site does not reach a function's entry.</summary>
    public static FindingRule CallTarget { get; } = new(
        "PV1003", Severity.Error, "call misses a function's entry",
        "Execution would begin in the middle of a function.");

    /// <summary>A branch lands inside an instruction of a site.</summary>
    public static FindingRule BranchInside { get; } = new(
        "PV1004", Severity.Error, "branch into an instruction",
        "The processor would execute the tail of an instruction.");

    /// <summary>An exception-table entry names the inside of an instruction of a site.</summary>
    public static FindingRule ExceptionInside { get; } = new(
        "PV1005", Severity.Error, "exception-table entry inside an instruction",
        "A fault there would find no fixup.");

    /// <summary>An ORC entry begins inside an instruction of a site.</summary>
    public static FindingRule OrcInside { get; } = new(
        "PV1006", Severity.Error, "ORC boundary inside an instruction",
        "Stack traces through the site would go wrong.");

    /// <summary>A symbol stands inside an instruction of a site.</summary>
    public static FindingRule SymbolInside { get; } = new(
        "PV1007", Severity.Error, "symbol inside an instruction",
        "Whoever enters by that name executes the tail of an instruction.");

    /// <summary>A site's bytes are none that the kernel writes.</summary>
    public static FindingRule IllegalState { get; } = new(
        "PV1008", Severity.Error, "site in no legal state",
        "Neither the compiler nor a pass of the kernel leaves these bytes.");

    /// <summary>Two images differ outside of sites.</summary>
    public static FindingRule OutsideSites { get; } = new(
        "PV1009", Severity.Error, "difference outside of sites",
        "The kernel never rewrites these bytes.");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FindingRule> All { get; } =
        [Boundary, Overlap, CallTarget, BranchInside, ExceptionInside, OrcInside, SymbolInside, IllegalState, OutsideSites];
}
