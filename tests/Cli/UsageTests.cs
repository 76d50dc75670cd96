using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Cli;

/// <summary>Exit code 2: usage, files, malformed input; one sentence that names what is wrong.</summary>
public sealed class UsageTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("nonsense", "nonsense")]
    [InlineData("--bogus", "--bogus")]
    [InlineData("scan", "IMAGE")]
    [InlineData("scan MINI --bogus", "--bogus")]
    [InlineData("scan MINI --kind foo", "foo")]
    [InlineData("scan MINI --kind lock,foo", "foo")]
    [InlineData("scan MINI --format xml", "xml")]
    [InlineData("scan MINI --format 1", "1")]
    [InlineData("scan MINI --format sarif", "verify-ace")]
    [InlineData("verify MINI --format xml", "sarif")]
    [InlineData("verify-ace MINI", "__ace_start")]
    [InlineData("verify-ace MINI --area 5", "--area")]
    [InlineData("scan MINI --color maybe", "maybe")]
    [InlineData("rewrite MINI", "--in-place")]
    [InlineData("rewrite MINI --dry-run --in-place", "exactly one")]
    [InlineData("rewrite MINI --dry-run --platform xen-pv", "xen-pv")]
    [InlineData("rewrite MINI --dry-run --except foo", "foo")]
    [InlineData("explain MINI", "WHERE")]
    [InlineData("diff MINI", "NEW")]
    [InlineData("diff MINI MINI --limit x", "x")]
    [InlineData("profile MINI", "--cpuinfo")]
    [InlineData("profile MINI --host --memory MINI", "exactly one")]
    [InlineData("profile MINI --memory MINI --at 12", "--at")]
    public void WrongUsageIsOneSentence(string command, string named) => Assert.Contains(named, Pvpatch.Trouble(Arguments(command)));

    [Theory]
    [InlineData("scan NONE")]
    [InlineData("profile NONE --host")]
    [InlineData("rewrite NONE --dry-run")]
    [InlineData("verify NONE")]
    [InlineData("verify MINI --against NONE")]
    [InlineData("diff NONE MINI")]
    [InlineData("diff MINI NONE")]
    [InlineData("explain NONE memcpy")]
    [InlineData("ops NONE")]
    [InlineData("profile MINI --memory NONE")]
    [InlineData("profile MINI --cpuinfo NONE")]
    [InlineData("rewrite MINI --dry-run --cpu NONE")]
    public void AFileThatIsNotThereIsNamed(string command) =>
        Assert.Equal($"pvpatch: {folder.Path("none")}: no such file", Pvpatch.Trouble(Arguments(command)));

    [Theory]
    [InlineData("scan TEXT", "not an ELF file")]
    [InlineData("scan FOLDER", "directory")]
    [InlineData("ops TEXT", "not an ELF file")]
    [InlineData("verify TEXT", "not an ELF file")]
    [InlineData("diff MINI TEXT", "not an ELF file")]
    [InlineData("explain TEXT memcpy", "not an ELF file")]
    [InlineData("rewrite MINI --dry-run --cpu TEXT", "profile")]
    [InlineData("profile MINI --cpuinfo TEXT", "flags")]
    [InlineData("profile MINI --memory TEXT", "--at")]
    [InlineData("profile MINI --memory TEXT --at phys:0x1000000", "6.1.0-mini")]
    public void AFileThatIsSomethingElseIsNamed(string command, string named)
    {
        string sentence = Pvpatch.Trouble(Arguments(command));
        Assert.StartsWith($"pvpatch: {folder.Root}", sentence, StringComparison.Ordinal);
        Assert.Contains(named, sentence);
    }

    [Fact]
    public void APlaceWithoutASiteIsTrouble()
    {
        Assert.Contains("no patch site", Pvpatch.Trouble("explain", TestPaths.Mini, "linux_banner"));
        Assert.Contains("no_such", Pvpatch.Trouble("explain", TestPaths.Mini, "no_such"));
    }

    [Fact]
    public void AnImageWithoutSitesIsTroubleUnlessAllowed()
    {
        string code = Binutils.Assemble(folder, "empty", ".text\nnop\n", "--64"), image = folder.Path("empty");
        Binutils.Run("ld", "-e", "0", "-o", image, code);
        Assert.Contains("--allow-empty", Pvpatch.Trouble("scan", image));
        Assert.Equal(0, Pvpatch.Run("scan", image, "--allow-empty").Code);
    }

    private string[] Arguments(string command)
    {
        File.WriteAllText(folder.Path("text"), "hello, this is text\n");
        return [.. command.Split(' ').Select(w => w switch
        {
            "MINI" => TestPaths.Mini,
            "NONE" => folder.Path("none"),
            "TEXT" => folder.Path("text"),
            "FOLDER" => folder.Root,
            _ => w,
        })];
    }
}
