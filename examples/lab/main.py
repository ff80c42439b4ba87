from cdktf import App, AssetType, TerraformAsset, TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.lambda_event_source_mapping import LambdaEventSourceMapping
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct

class MyStack(TerraformStack):
    def __init__(self, scope: Construct, id: str):
        super().__init__(scope, id)

        # 1. Configuration du Fournisseur AWS ☁️
        provider = AwsProvider(self, "AWS", region="us-east-1")

        # 2. Récupération de l'Identité AWS Actuelle (pour l'ARN du rôle) 🆔
        caller_identity = DataAwsCallerIdentity(self, "CurrentIdentity")
        
        # --- Section 3 : Création des Files SQS (Queues) --- 📬
        # File d'entrée pour les opérations de la calculatrice
        input_queue = SqsQueue(
            self, # Contexte de la stack
            "InputQueue", # ID logique CDKTF
            name="calculatrice-input-queue", # Nom réel de la file SQS
            visibility_timeout_seconds=60 # Durée pendant laquelle un message est invisible après lecture
        )

        # File de sortie pour les résultats (potentiels)
        output_queue = SqsQueue(
            self,
            "OutputQueue",
            name="calculatrice-output-queue",
            # Pas de visibility_timeout spécifique, utilise la valeur par défaut
        )

        # --- Section 4 : Préparation du Code de la Fonction Lambda --- 📦🐍
        # Définition de l'asset (le fichier .zip) contenant le code de la fonction Lambda
        code = TerraformAsset(
            self, "code", # ID logique CDKTF pour cet asset
            path="./lambda_deployment.zip", # Chemin vers le fichier .zip local
            type=AssetType.FILE # Indique que l'asset est un fichier unique
                                # (AssetType.ARCHIVE zippe automatiquement un dossier)
        )

        # --- Section 5 : Définition de la Fonction Lambda "Calculatrice" --- ⚙️🧮
        calculette = LambdaFunction(
            self,
            "CalculatorLambda", # ID logique CDKTF
            function_name="calculatrice", # Nom réel de la fonction Lambda
            runtime="python3.9", # Environnement d'exécution Python
            memory_size=128, # Mémoire allouée (en Mo)
            timeout=30, # Timeout d'exécution (en secondes)
            handler="lambda_function.lambda_handler", # Point d'entrée : fichier.fonction
            
            # Gestion du code source :
            source_code_hash=code.asset_hash, # Hash du fichier .zip pour détecter les changements
            filename=code.path, # Chemin vers le fichier .zip (CDKTF le téléverse pour nous)
            
            # Rôle IAM pour les permissions de la Lambda :
            role=f"arn:aws:iam::{caller_identity.account_id}:role/LabRole", # ARN du rôle IAM
                                                                            # IMPORTANT: Ce rôle "LabRole" doit exister
                                                                            # et avoir les permissions nécessaires (logs, SQS).
            
            # Variables d'environnement pour la Lambda :
            environment={
                "variables": {
                    "OUTPUT_QUEUE_URL": output_queue.url # Passe l'URL de la file de sortie à la Lambda
                }
            },
            
            # Dépendances explicites (bonne pratique) :
            depends_on=[input_queue, output_queue] # S'assure que les files sont créées avant la Lambda
        )

        # --- Section 6 : Liaison de la File SQS d'Entrée comme Source d'Événement pour Lambda --- 🔗🚀
        LambdaEventSourceMapping(
            self, "event_source_mapping", # ID logique CDKTF
            event_source_arn=input_queue.arn, # ARN de la file SQS qui déclenche la Lambda
            function_name=calculette.arn # ARN de la fonction Lambda à invoquer
            # batch_size=10 # (Optionnel) Nombre de messages à traiter par invocation
        )

# Initialisation et Synthèse de l'Application CDKTF
app = App()
MyStack(app, "tp_lambda")
app.synth()
