using System.Text.Json;
using PvPatch.Cli;
using PvPatch.Tests.Ace;

namespace PvPatch.Tests.Cli;

/// <summary><c>verify-ace</c> as a program: exit codes, text and JSON.</summary>
public sealed class VerifyAceVerbTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pvpatch-cli").FullName;

    public void Dispose() => Directory.Delete(folder, true);

    [Fact]
    public void CleanAreaExitsZero()
    {
        (int code, string text) = Run(AceBuilder.Link(AceBuilder.Source(AceBuilder.Locked("incq counter(%rip)"))));
        Assert.Equal(0, code);
        Assert.Contains("ace_test 5 instructions, worst case 5 and the locks' spins", text, StringComparison.Ordinal);
        Assert.Contains("no findings", text, StringComparison.Ordinal);
    }

    [Fact]
    public void FindingIsOneLineAndExitsOne()
    {
        byte[] image = AceBuilder.Link(AceBuilder.Source(AceBuilder.Entry("mov (%rdi), %rax")));
        (int code, string text) = Run(image);
        Assert.Equal(1, code);
        Assert.Contains("0000000000500000 error PV2040 <ace_test> [mov (%rdi),%rax] memory operand not provably inside the ACE data: ", text, StringComparison.Ordinal);
        Assert.Equal(0, Run(image, "--exit-zero").Code);
    }

    [Fact]
    public void JsonNamesTheInstruction()
    {
        (int code, string text) = Run(AceBuilder.Link(AceBuilder.Source(AceBuilder.Entry("mov (%rdi), %rax"))), "--format", "json");
        Assert.Equal(1, code);
        using JsonDocument json = JsonDocument.Parse(text);
        JsonElement root = json.RootElement, finding = root.GetProperty("findings")[0];
        Assert.Equal("pvpatch.verify-ace/1", root.GetProperty("schema").GetString());
        Assert.Equal("0x500000", root.GetProperty("area").GetProperty("start").GetString());
        Assert.Equal("ace_test", root.GetProperty("entries")[0].GetProperty("name").GetString());
        Assert.Equal(2, root.GetProperty("entries")[0].GetProperty("worstCase").GetInt32());
        Assert.Equal(
            ("PV2040", "error", "0x500000", "ace_test", "mov (%rdi),%rax"),
            (Text("id"), Text("severity"), Text("address"), Text("symbol"), Text("instruction")));

        string? Text(string name) => finding.GetProperty(name).GetString();
    }

    [Fact]
    public void ImageWithoutAreaIsRefusedUnlessAllowed()
    {
        byte[] image = AceBuilder.Link(".text\n nop");
        Assert.Equal(2, Run(image).Code);
        Assert.Equal(0, Run(image, "--allow-empty").Code);
    }

    [Fact]
    public void AreaMayBeGivenByOptions()
    {
        byte[] image = AceBuilder.Link(".text\n .balign 4096, 0xcc\n .globl routine\n .type routine, @function\n routine: mov %rdi, %rax\n jmp *%r11\n .balign 4096, 0xcc");
        Assert.Equal(0, Run(image, "--area", "0x400000-0x401000", "--entry", "routine").Code);
        Assert.Equal(0, Run(image, "--area", "400000-401000", "--entry", "400000").Code);
        Assert.Equal(2, Run(image, "--area", "0x400000-0x401000", "--entry", "no_such_thing").Code);
        Assert.Equal(2, Run(image, "--area", "0x401000-0x400000").Code);
        Assert.Equal(2, Run(image, "--area", "here").Code);
    }

    [Fact]
    public void ObjectIsVerified()
    {
        (int code, string text) = Run(AceBuilder.Object(AceBuilder.Source(AceBuilder.Locked("incq counter(%rip)"))));
        Assert.Equal(0, code);
        Assert.Contains("no findings", text, StringComparison.Ordinal);
    }

    private (int Code, string Text) Run(byte[] image, params string[] arguments)
    {
        string path = Path.Combine(folder, "image"), output = Path.Combine(folder, "out");
        File.WriteAllBytes(path, image);
        File.Delete(output);
        int code = Program.Run(["verify-ace", path, "-o", output, .. arguments]);
        return (code, File.Exists(output) ? File.ReadAllText(output) : string.Empty);
    }
}
